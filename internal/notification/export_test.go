package notification

// ExplainEvent returns what the event-data of a webhook says about a failure.
func ExplainEvent(raw []byte) (string, error) {
	e, err := parseEvent(raw)
	return e.explanation, err
}

// Backoff is how long a mail waits after so many failures.
var Backoff = backoff
