package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
	"golang.org/x/net/idna"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/passkey"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	// ChallengeLifetime is how long a WebAuthn ceremony may take.
	ChallengeLifetime = 5 * time.Minute
	// maxChallenges bounds the unused challenges of an administrator. A new one replaces the oldest.
	maxChallenges = 100
	// MaxPasskeys bounds the passkeys of an administrator, because SignIn sends the ids of all of them.
	MaxPasskeys = 10
)

// rpName is the name of the catalog in the dialogs of browsers.
const rpName = "Catalog"

// The faults of passkeys.
var (
	// ErrFactorRefused is the answer to a wrong second factor of any kind.
	ErrFactorRefused = fault.New(fault.Unauthenticated, fault.SecondFactorFailed,
		"The passkey or the recovery code is not valid here, was used before or took too long. Try again.")
	errPasskeyLimit = fault.New(fault.Throttled, fault.PasskeyLimit,
		"Nobody can have more than %d passkeys. Remove one first.", MaxPasskeys)
	// ErrNoPasskey is the answer to a caller who needs a passkey and has none.
	ErrNoPasskey = fault.New(fault.FailedPrecondition, fault.PasskeyNotFound, "You have no passkey. Add one first.")
)

// ErrCounter is the cause of SECOND_FACTOR_FAILED if the signature counter of a passkey did not increase. Then there
// may be a copy of it.
var ErrCounter = errors.New("auth: the signature counter of the passkey did not increase")

// Passkeys runs the ceremonies of WebAuthn: an authenticator signs a challenge of the server, together with the origin
// of the page that asked for it. A challenge is for one administrator and purpose, and works once.
type Passkeys struct {
	// web is nil if browsers do not let the catalog use passkeys.
	web         *webauthn.WebAuthn
	unavailable *fault.Error
}

// NewPasskeys returns the Passkeys of a catalog at a public URL, whose host is the RP ID and whose origin is the only
// one that ceremonies may come from. All ceremonies fail with PASSKEYS_UNAVAILABLE where browsers have no WebAuthn: at
// an IP address, and without https on hosts other than localhost. Returns an error if the URL is invalid.
func NewPasskeys(publicURL string) (*Passkeys, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	host, isDomain := domainOf(u)
	switch {
	case !isDomain:
		return noPasskeys("passkeys need a domain name in the public URL of the catalog, not %q", u.Hostname()), nil
	case u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost"):
		return noPasskeys("passkeys need https in the public URL of the catalog, which is %s", publicURL), nil
	}
	web, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: rpName, RPOrigins: []string{originOf(u.Scheme, host, u.Port())},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// A discoverable passkey is synced by most platforms, so that losing a device does not lose it.
			ResidentKey: protocol.ResidentKeyRequirementPreferred,
			// The password is the first factor, so a security key without a PIN will do as the second one.
			UserVerification: protocol.VerificationPreferred,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeouts, Registration: timeouts},
		// The server asks for no extensions and reads none. Some password managers answer some anyway.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Passkeys{web: web}, nil
}

// domainOf returns the host of a URL as an RP ID, in ASCII. Returns false if it cannot be one.
func domainOf(u *url.URL) (string, bool) {
	host, err := idna.Lookup.ToASCII(u.Hostname())
	return host, err == nil && protocol.ValidateRPID(host) == nil
}

// timeouts are hints for browsers. The database has the time that counts.
var timeouts = webauthn.TimeoutConfig{Timeout: ChallengeLifetime, TimeoutUVD: ChallengeLifetime}

func noPasskeys(format string, args ...any) *Passkeys {
	why := fmt.Sprintf(format, args...)
	return &Passkeys{unavailable: fault.New(fault.FailedPrecondition, fault.PasskeysUnavailable,
		"Browsers refuse passkeys here: %s.", why)}
}

// originOf returns an origin as browsers write it, without a default port.
func originOf(scheme, host, port string) string {
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Available returns PASSKEYS_UNAVAILABLE if browsers do not let the catalog use passkeys.
func (p *Passkeys) Available() error {
	if p.unavailable != nil {
		return p.unavailable
	}
	return nil
}

// BeginCreate returns the options of a new passkey of an administrator: a PublicKeyCredentialCreationOptionsJSON.
// Returns PASSKEYS_UNAVAILABLE, and PASSKEY_LIMIT if they have too many.
func (p *Passkeys) BeginCreate(ctx context.Context, tx *ent.Tx, row *ent.Admin) (string, error) {
	user, err := p.userOf(ctx, tx, row)
	if err != nil {
		return "", err
	}
	if len(user.credentials) >= MaxPasskeys {
		return "", errPasskeyLimit
	}
	options, session, err := p.web.BeginRegistration(user,
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithExclusions(webauthn.Credentials(user.credentials).CredentialDescriptors()))
	if err != nil {
		return "", fmt.Errorf("begin to create passkey: %w", err)
	}
	return store(ctx, tx, row.ID, passkeychallenge.PurposeCreate, session, options.Response)
}

// BeginUse returns the options of the use of a passkey of an administrator: a PublicKeyCredentialRequestOptionsJSON.
// To reauthenticate, when the passkey is the only factor, the authenticator must verify its user, by a PIN or a finger.
// Returns PASSKEYS_UNAVAILABLE, and PASSKEY_NOT_FOUND if they have none.
func (p *Passkeys) BeginUse(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, purpose passkeychallenge.Purpose,
) (string, error) {
	user, err := p.userOf(ctx, tx, row)
	if err != nil {
		return "", err
	}
	if len(user.credentials) == 0 {
		return "", ErrNoPasskey
	}
	verification := protocol.VerificationPreferred
	if purpose == passkeychallenge.PurposeReauthenticate {
		verification = protocol.VerificationRequired
	}
	options, session, err := p.web.BeginLogin(user, webauthn.WithUserVerification(verification))
	if err != nil {
		return "", fmt.Errorf("begin to use passkey: %w", err)
	}
	return store(ctx, tx, row.ID, purpose, session, options.Response)
}

// Create stores a passkey of an administrator, whose row must be locked. credential is the RegistrationResponseJSON.
// An empty name becomes the kind of the passkey. Returns PASSKEYS_UNAVAILABLE, PASSKEY_LIMIT, and PASSKEY_INVALID on
// field credential if it does not answer a challenge of BeginCreate, or is somebody's already.
func (p *Passkeys) Create(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, name, credential string,
) (*ent.Passkey, error) {
	user, err := p.userOf(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	if len(user.credentials) >= MaxPasskeys {
		return nil, errPasskeyLimit
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(credential))
	if err != nil {
		return nil, passkeyInvalid("is not an answer of an authenticator").Because(explain(err))
	}
	challenge := answer.Response.CollectedClientData.Challenge
	session, err := takeChallenge(ctx, tx, row.ID, passkeychallenge.PurposeCreate, challenge)
	if errors.Is(err, errNoChallenge) {
		return nil, passkeyInvalid("answers no challenge of yours, or took too long; try again").Because(err)
	}
	if err != nil {
		return nil, err
	}
	created, err := p.web.CreateCredential(user, session, answer)
	if err != nil {
		return nil, passkeyInvalid("is not valid for this catalog").Because(explain(err))
	}
	return storePasskey(ctx, tx, row.ID, name, created)
}

// Use checks the answer of an authenticator, an AuthenticationResponseJSON, for an administrator, whose row must be
// locked. Returns PASSKEYS_UNAVAILABLE, and SECOND_FACTOR_FAILED if it does not answer a challenge of BeginUse for the
// purpose, or is not valid; the cause is ErrCounter if the passkey may have been copied.
func (p *Passkeys) Use(
	ctx context.Context, tx *ent.Tx, row *ent.Admin, purpose passkeychallenge.Purpose, assertion string,
) error {
	user, err := p.userOf(ctx, tx, row)
	if err != nil {
		return err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(assertion))
	if err != nil {
		return ErrFactorRefused.Because(explain(err))
	}
	session, err := takeChallenge(ctx, tx, row.ID, purpose, answer.Response.CollectedClientData.Challenge)
	if errors.Is(err, errNoChallenge) {
		return ErrFactorRefused.Because(err)
	}
	if err != nil {
		return err
	}
	used, err := p.web.ValidateLogin(user, session, answer)
	if err != nil {
		return ErrFactorRefused.Because(explain(err))
	}
	if used.Authenticator.CloneWarning {
		return ErrFactorRefused.Because(ErrCounter)
	}
	record, err := json.Marshal(used)
	if err != nil {
		return fmt.Errorf("store passkey: %w", err)
	}
	err = tx.Passkey.Update().
		Where(passkey.CredentialID(used.ID), passkey.AdminID(row.ID)).
		SetCredential(record).
		SetLastUseTime(tx.Clock.Now()).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("store passkey: %w", err)
	}
	return nil
}

func passkeyInvalid(description string) *fault.Error {
	return fault.ReasonedFields(fault.PasskeyInvalid, fault.Violation{Field: "credential", Description: description})
}

// HasPasskey reports whether an administrator has a passkey.
func HasPasskey(ctx context.Context, passkeys *ent.PasskeyClient, adminID uuid.UUID) (bool, error) {
	has, err := passkeys.Query().Where(passkey.AdminID(adminID)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for passkeys: %w", err)
	}
	return has, nil
}

// WithPasskeys returns which of some administrators have a passkey.
func WithPasskeys(ctx context.Context, d *db.DB, rows []*ent.Admin) (map[uuid.UUID]bool, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var owners []uuid.UUID
	err := d.Reader().Passkey.Query().
		Where(passkey.AdminIDIn(ids...)).
		Unique(true).
		Select(passkey.FieldAdminID).
		Scan(ctx, &owners)
	if err != nil {
		return nil, fmt.Errorf("look for passkeys: %w", err)
	}
	with := make(map[uuid.UUID]bool, len(owners))
	for _, id := range owners {
		with[id] = true
	}
	return with, nil
}

func storePasskey(
	ctx context.Context, tx *ent.Tx, adminID uuid.UUID, name string, created *webauthn.Credential,
) (*ent.Passkey, error) {
	taken := passkeyInvalid("was added before; choose another one")
	exists, err := tx.Passkey.Query().Where(passkey.CredentialID(created.ID)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("store passkey: %w", err)
	}
	if exists {
		return nil, taken
	}
	record, err := json.Marshal(created)
	if err != nil {
		return nil, fmt.Errorf("store passkey: %w", err)
	}
	if name == "" {
		name = kindOf(created)
	}
	row, err := tx.Passkey.Create().
		SetAdminID(adminID).
		SetName(name).
		SetCredentialID(created.ID).
		SetCredential(record).
		Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, taken.Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("store passkey: %w", err)
	}
	return row, nil
}

// kindOf names a passkey by its kind.
func kindOf(c *webauthn.Credential) string {
	switch {
	case c.Flags.BackupEligible:
		return "Synced passkey"
	case c.Authenticator.Attachment == protocol.CrossPlatform:
		return "Security key"
	case c.Authenticator.Attachment == protocol.Platform:
		return "This device"
	default:
		return "Passkey"
	}
}

// passkeyUser is an administrator as the library sees them. The user handle is the id, which never changes and names
// nobody.
type passkeyUser struct {
	row         *ent.Admin
	credentials []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (u passkeyUser) WebAuthnID() []byte { return u.row.ID[:] }

// WebAuthnName implements webauthn.User.
func (u passkeyUser) WebAuthnName() string { return u.row.Email }

// WebAuthnDisplayName implements webauthn.User.
func (u passkeyUser) WebAuthnDisplayName() string { return u.row.Name }

// WebAuthnCredentials implements webauthn.User.
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func (p *Passkeys) userOf(ctx context.Context, tx *ent.Tx, row *ent.Admin) (passkeyUser, error) {
	if err := p.Available(); err != nil {
		return passkeyUser{}, err
	}
	rows, err := tx.Passkey.Query().Where(passkey.AdminID(row.ID)).Order(passkey.ByID()).All(ctx)
	if err != nil {
		return passkeyUser{}, fmt.Errorf("read passkeys: %w", err)
	}
	user := passkeyUser{row: row, credentials: make([]webauthn.Credential, len(rows))}
	for i, row := range rows {
		if err := json.Unmarshal(row.Credential, &user.credentials[i]); err != nil {
			return passkeyUser{}, fmt.Errorf("read passkey %s: %w", row.ID, err)
		}
	}
	return user, nil
}

// store keeps the session of a ceremony that begins, and returns the options as JSON.
func store(
	ctx context.Context, tx *ent.Tx, adminID uuid.UUID, purpose passkeychallenge.Purpose,
	session *webauthn.SessionData, options any,
) (string, error) {
	record, err := json.Marshal(session)
	if err != nil {
		return "", fmt.Errorf("store challenge: %w", err)
	}
	err = tx.PasskeyChallenge.Create().
		SetID(digest(session.Challenge)).
		SetAdminID(adminID).
		SetPurpose(purpose).
		SetSession(record).
		SetExpireTime(tx.Clock.Now().Add(ChallengeLifetime)).
		Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("store challenge: %w", err)
	}
	if err := boundChallenges(ctx, tx, adminID); err != nil {
		return "", err
	}
	encoded, err := json.Marshal(options)
	if err != nil {
		return "", fmt.Errorf("encode options: %w", err)
	}
	return string(encoded), nil
}

// boundChallenges deletes the oldest challenges of an administrator who has too many.
func boundChallenges(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	old, err := tx.PasskeyChallenge.Query().
		Where(passkeychallenge.AdminID(adminID)).
		Order(passkeychallenge.ByExpireTime(sql.OrderDesc())).
		Offset(maxChallenges).
		IDs(ctx)
	if err == nil && len(old) > 0 {
		_, err = tx.PasskeyChallenge.Delete().Where(passkeychallenge.IDIn(old...)).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("bound challenges: %w", err)
	}
	return nil
}

var errNoChallenge = errors.New("auth: the challenge is unknown, used, expired or for something else")

// takeChallenge uses a challenge up and returns the session of its ceremony. Returns errNoChallenge if there is none.
// Of concurrent callers exactly one succeeds, if its transaction commits.
func takeChallenge(
	ctx context.Context, tx *ent.Tx, adminID uuid.UUID, purpose passkeychallenge.Purpose, challenge string,
) (session webauthn.SessionData, err error) {
	id := digest(challenge)
	row, err := tx.PasskeyChallenge.Query().
		Where(
			passkeychallenge.ID(id), passkeychallenge.AdminID(adminID), passkeychallenge.PurposeEQ(purpose),
			passkeychallenge.ExpireTimeGT(tx.Clock.Now()),
		).
		Only(ctx)
	if ent.IsNotFound(err) {
		return session, errNoChallenge
	}
	if err != nil {
		return session, fmt.Errorf("use challenge: %w", err)
	}
	deleted, err := tx.PasskeyChallenge.Delete().Where(passkeychallenge.ID(id)).Exec(ctx)
	if err != nil {
		return session, fmt.Errorf("use challenge: %w", err)
	}
	if deleted == 0 { // another transaction used it
		return session, errNoChallenge
	}
	if err := json.Unmarshal(row.Session, &session); err != nil {
		return session, fmt.Errorf("use challenge: %w", err)
	}
	return session, nil
}

// explain adds what the library tells developers of an error. It has no secrets.
func explain(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.DevInfo != "" {
		return fmt.Errorf("%w: %s", err, e.DevInfo)
	}
	return err
}
