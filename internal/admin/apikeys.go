package admin

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/apikey"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
)

// maxAPIKeys is the maximum number of keys of an administrator that were not revoked and have not expired.
const maxAPIKeys = 100

// keyNameDetail is the detail of a security event that holds the name of its API key.
const keyNameDetail = "key_name"

var errKeyNotFound = fault.New(fault.NotFound, fault.APIKeyNotFound, "There is no such API key.")

// CreateApiKey implements catalog.v1.AuthService.
func (s *AuthService) CreateApiKey(
	ctx context.Context, req *catalogv1.CreateApiKeyRequest,
) (*catalogv1.CreateApiKeyResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	name, bad := cleanName(req.GetName())
	if err := blame(at("name", bad)); err != nil {
		return nil, err
	}
	if err := convert.CheckTime("expire_time", req.GetExpireTime()); err != nil {
		return nil, err
	}
	secret := auth.NewAPIKey()
	var row *ent.APIKey
	var creator *ent.Admin
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if creator, err = lockAdmin(ctx, tx, admin.ID(who.AdminID)); err != nil {
			return err
		}
		now := tx.Clock.Now()
		if req.GetExpireTime() != nil && !req.GetExpireTime().AsTime().After(now) {
			return fault.Field("expire_time", fault.FieldOutOfRange, "must be in the future")
		}
		if err := keyLimit(ctx, tx, creator.ID, now); err != nil {
			return err
		}
		create := tx.APIKey.Create().
			SetAdminID(creator.ID).
			SetName(name).
			SetAccess(toStoredAccess(req.GetAccess())).
			SetDigest(secret.Digest).
			SetPrefix(secret.Prefix)
		if req.GetExpireTime() != nil {
			create.SetExpireTime(req.GetExpireTime().AsTime().Truncate(time.Microsecond))
		}
		if row, err = create.Save(ctx); err != nil {
			return err
		}
		return s.recordKey(ctx, tx, catalogv1.SecurityEvent_TYPE_API_KEY_CREATED, row, creator)
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.CreateApiKeyResponse{ApiKey: toAPIKey(row, creator.Name), Secret: secret.Text}, nil
}

// keyLimit returns API_KEY_LIMIT if an administrator, whose row is locked, has too many keys that work.
func keyLimit(ctx context.Context, tx *ent.Tx, adminID uuid.UUID, now time.Time) error {
	live, err := tx.APIKey.Query().Where(apikey.AdminID(adminID), auth.LiveAPIKey(now)).Count(ctx)
	if err != nil || live < maxAPIKeys {
		return err
	}
	return fault.New(fault.Throttled, fault.APIKeyLimit,
		"You have %d API keys that work, the maximum. Revoke one that is no longer used.", live)
}

// recordKey records an event about a key, of which its creator is told.
func (s *AuthService) recordKey(
	ctx context.Context, tx *ent.Tx, what catalogv1.SecurityEvent_Type, key *ent.APIKey, creator *ent.Admin,
) error {
	return record(ctx, tx, s.queue, auth.Event{
		Type: what, Admin: creator, APIKeyID: key.ID, Details: map[string]string{keyNameDetail: key.Name},
	})
}

// ListApiKeys implements catalog.v1.AuthService.
func (s *AuthService) ListApiKeys(
	ctx context.Context, req *catalogv1.ListApiKeysRequest,
) (*catalogv1.ListApiKeysResponse, error) {
	const list = "api_keys"
	query := s.d.Reader().APIKey.Query().Order(apikey.ByID(sql.OrderDesc()))
	var last uuid.UUID
	following, err := pagination.Parse(req.GetPageToken(), list, &last)
	if err != nil {
		return nil, err
	}
	if following {
		query.Where(apikey.IDLT(last))
	}
	size := pagination.Size(req.GetPageSize())
	rows, err := query.Limit(size + 1).All(ctx)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.ListApiKeysResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if resp.NextPageToken, err = pagination.Token(list, rows[size-1].ID); err != nil {
			return nil, err
		}
	}
	names, err := s.creators(ctx, rows)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		resp.ApiKeys = append(resp.ApiKeys, toAPIKey(row, names[row.AdminID]))
	}
	return resp, nil
}

// creators returns the names of the administrators who created keys, by their ids.
func (s *AuthService) creators(ctx context.Context, keys []*ent.APIKey) (map[uuid.UUID]string, error) {
	ids := make([]uuid.UUID, len(keys))
	for i, key := range keys {
		ids[i] = key.AdminID
	}
	rows, err := s.d.Reader().Admin.Query().
		Where(admin.IDIn(ids...)).
		Select(admin.FieldID, admin.FieldName).
		All(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[uuid.UUID]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, nil
}

// RevokeApiKey implements catalog.v1.AuthService.
func (s *AuthService) RevokeApiKey(
	ctx context.Context, req *catalogv1.RevokeApiKeyRequest,
) (*catalogv1.RevokeApiKeyResponse, error) {
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		key, revoked, err := auth.RevokeAPIKey(ctx, tx, id)
		if ent.IsNotFound(err) {
			return errKeyNotFound
		}
		if err != nil || !revoked {
			return err
		}
		creator, err := tx.Admin.Get(ctx, key.AdminID)
		if err != nil {
			return err
		}
		return s.recordKey(ctx, tx, catalogv1.SecurityEvent_TYPE_API_KEY_REVOKED, key, creator)
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.RevokeApiKeyResponse{}, nil
}

func toAPIKey(key *ent.APIKey, creator string) *catalogv1.ApiKey {
	return &catalogv1.ApiKey{
		Id:          key.ID.String(),
		Name:        key.Name,
		Access:      auth.KeyAccess(key.Access),
		Prefix:      key.Prefix,
		CreatorId:   key.AdminID.String(),
		CreatorName: creator,
		CreateTime:  timestamppb.New(key.CreateTime),
		ExpireTime:  toTimestamp(key.ExpireTime),
		RevokeTime:  toTimestamp(key.RevokeTime),
		LastUseTime: toTimestamp(key.LastUseTime),
	}
}

// toStoredAccess converts an access that the contract's rules let through.
func toStoredAccess(access catalogv1.ApiKey_Access) apikey.Access {
	if access == catalogv1.ApiKey_ACCESS_WRITE {
		return apikey.AccessWrite
	}
	return apikey.AccessRead
}
