package product

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/writerequest"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/history/change"
)

const (
	// requestIDKept is how long a request id is remembered: the 24 hours of the contract, and one more because the
	// database may fail over to a machine whose clock is ahead.
	requestIDKept = 25 * time.Hour
	// cleanupChunk is the maximum number of rows that Cleanup deletes in one transaction: on SQLite other writers wait.
	cleanupChunk = 1000
)

// errRepeated rolls back a transaction whose request id is remembered already.
var errRepeated = errors.New("product: the request id is remembered already")

// identified is a write with a request id.
type identified struct {
	actor, id uuid.UUID
	method    string
	digest    []byte // of the method and the request, without its id
}

// identify returns nil if the request has no id, or is for validation only: then its id has no effect.
func identify(ctx context.Context, req write) (*identified, error) {
	if req.GetRequestId() == "" || req.GetValidateOnly() {
		return nil, nil //nolint:nilnil // it has no id
	}
	id, err := convert.ParseID("request_id", req.GetRequestId())
	if err != nil {
		return nil, err
	}
	actor, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return nil, history.ErrNoActor
	}
	m := req.ProtoReflect()
	method := strings.TrimSuffix(string(m.Descriptor().Name()), "Request")
	anonymous := m.New() // shares the fields of req
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Name() != "request_id" {
			anonymous.Set(f, v)
		}
		return true
	})
	anonymous.SetUnknown(m.GetUnknown())
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(anonymous.Interface())
	if err != nil {
		return nil, fmt.Errorf("digest of %s: %w", method, err)
	}
	digest := sha256.New()
	digest.Write([]byte(method))
	digest.Write([]byte{0})
	digest.Write(body)
	return &identified{actor.ActorID(), id, method, digest.Sum(nil)}, nil
}

// remember records that the request answered with products. Returns errRepeated if its id is remembered already. It
// waits for a transaction that is recording the same id, with locks on products only: see the order of locks in
// docs/architecture.md.
func (r *identified) remember(ctx context.Context, tx *ent.Tx, products []*ent.Product) error {
	if r == nil {
		return nil
	}
	versions := make([]change.Version, len(products))
	for i, p := range products {
		versions[i] = change.Version{ProductID: p.ID, Version: p.Version}
	}
	err := tx.WriteRequest.Create().
		SetActorID(r.actor).
		SetRequestID(r.id).
		SetMethod(r.method).
		SetDigest(r.digest).
		SetProducts(versions).
		OnConflictColumns(writerequest.FieldActorID, writerequest.FieldRequestID).
		DoNothing().
		Exec(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errRepeated
	case err != nil:
		return fmt.Errorf("remember the request id: %w", err)
	}
	return nil
}

// repeated returns the response of the first request with the same id, for a request that failed, probably because the
// first one had succeeded. Returns err if there is no other, or REQUEST_ID_REUSED if that was another request.
func (s *Service) repeated(ctx context.Context, r *identified, err error) ([]*catalogv1.Product, error) {
	if r == nil || !mayRepeat(err) {
		return nil, err
	}
	first, lookupErr := s.db.Reader().WriteRequest.Query().
		Where(writerequest.ActorID(r.actor), writerequest.RequestID(r.id)).
		Only(ctx)
	switch {
	case ent.IsNotFound(lookupErr) && errors.Is(err, errRepeated):
		return nil, fault.New(fault.Aborted, fault.ConcurrentChange,
			"The request id was about to expire. Try again with another one.").Because(err)
	case ent.IsNotFound(lookupErr):
		return nil, err
	case lookupErr != nil:
		return nil, errors.Join(fmt.Errorf("look up the request id: %w", lookupErr), err)
	case !bytes.Equal(first.Digest, r.digest):
		return nil, fault.New(fault.FailedPrecondition, fault.RequestIDReused,
			"The request id %s belongs to another request, %s at %s. Use a new id for each request.",
			r.id, first.Method, first.CreateTime.UTC().Format(time.RFC3339)).
			With("method", first.Method)
	}
	products, lookupErr := history.At(ctx, s.db.Reader(), first.Products)
	if lookupErr != nil {
		return nil, errors.Join(lookupErr, err)
	}
	ids := make([]uuid.UUID, len(first.Products))
	for i, v := range first.Products {
		ids[i] = v.ProductID
	}
	s.cache.forgetSome(ids) // another process may have written them just now
	return products, nil
}

// mayRepeat reports whether a request may have failed because an earlier one with the same id had succeeded.
func mayRepeat(err error) bool {
	if errors.Is(err, errRepeated) {
		return true
	}
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind != fault.Internal
}

// Cleanup deletes request ids that have expired. Call it periodically, on any replica.
func Cleanup(ctx context.Context, d *db.DB) error {
	for {
		deleted := 0
		err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
			expired, err := tx.WriteRequest.Query().
				Where(writerequest.CreateTimeLT(tx.Clock.Now().Add(-requestIDKept))).
				Limit(cleanupChunk).
				IDs(ctx)
			if err != nil || len(expired) == 0 {
				return err
			}
			deleted, err = tx.WriteRequest.Delete().Where(writerequest.IDIn(expired...)).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete expired request ids: %w", err)
		}
		if deleted < cleanupChunk {
			return nil
		}
	}
}
