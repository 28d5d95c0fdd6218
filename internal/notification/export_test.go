package notification

// ExplainEvent returns the explanation of a failure in the event-data of a webhook.
func ExplainEvent(raw []byte) (string, error) {
	e, err := parseEvent(raw)
	return e.explanation, err
}

// Backoff is the delay after so many failed attempts.
var Backoff = backoff
