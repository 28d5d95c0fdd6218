package rpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/wire"
)

const (
	// responseBudget bounds the memory of the large responses to anonymous callers that are being sent, in bytes: half of
	// it, and a quarter for one network.
	responseBudget = 128 << 20
	// freeResponse is the size of a response that needs no reservation.
	freeResponse = 256 << 10
	// responseCost is the memory that a byte of a response takes until the caller has read it: its encoding, and what
	// is compressed or buffered of it.
	responseCost = 2
)

// outgoing is the reservation for a response.
type outgoing struct {
	budget   *budget // nil without an Intake
	payer    payer
	reserved int64
}

// holdResponse reserves memory for a response to an anonymous caller, until the request ends: a caller can ask for the
// same large product many times, and read slowly. shared is the response's Answer, if it has one. Returns
// RESPONSE_TOO_LARGE, or SERVER_OVERLOADED if other responses to the network, or to all anonymous callers, have taken
// the memory.
func holdResponse(ctx context.Context, message proto.Message, shared wire.Encoder) error {
	c := callFrom(ctx)
	if c.outgoing.budget == nil || c.adminID != "" {
		return nil
	}
	var bytes int64
	if shared != nil {
		bytes = int64(shared.Size())
	} else {
		bytes = int64(proto.Size(message))
	}
	if bytes <= freeResponse {
		return nil
	}
	o := &c.outgoing
	if most := o.budget.share / networkShares / responseCost; bytes > most {
		return fault.New(fault.TooLarge, fault.ResponseTooLarge,
			"The response would have %d bytes; callers without a token get at most %d. Ask for fewer products at a time.",
			bytes, most)
	}
	o.payer = payer{network: auth.ClientFrom(ctx).Network(), anonymous: true}
	if !o.budget.take(o.payer, responseCost*bytes) {
		return fault.New(fault.Throttled, fault.ServerOverloaded,
			"The server is sending too many large responses at once; try again in a moment.").After(overloadRetryAfter)
	}
	o.reserved = responseCost * bytes
	return nil
}

// release returns the reservation, after the response was sent.
func (o *outgoing) release() {
	if o.reserved > 0 {
		o.budget.give(o.payer, o.reserved)
	}
	o.reserved = 0
}
