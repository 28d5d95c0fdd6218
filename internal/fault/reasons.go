package fault

// Reason is the stable name of a fault: the reason in google.rpc.ErrorInfo. Clients may rely on it;
// messages may change. docs/errors.md lists all of them.
type Reason string

// Domain is the domain in google.rpc.ErrorInfo.
const Domain = "catalog.zebrands.com"

// The reasons.
const (
	// Requests.
	RequestMalformed       Reason = "REQUEST_MALFORMED"
	RequestTooLarge        Reason = "REQUEST_TOO_LARGE"
	ContentTypeInvalid     Reason = "CONTENT_TYPE_INVALID"
	ProtocolInvalid        Reason = "PROTOCOL_INVALID"
	MethodNotFound         Reason = "METHOD_NOT_FOUND"
	ServiceNotServed       Reason = "SERVICE_NOT_SERVED"
	DeadlineExceeded       Reason = "DEADLINE_EXCEEDED"
	RequestCanceled        Reason = "REQUEST_CANCELED"
	FieldInvalid           Reason = "FIELD_INVALID"
	FilterInvalid          Reason = "FILTER_INVALID"
	OrderByInvalid         Reason = "ORDER_BY_INVALID"
	PageTokenInvalid       Reason = "PAGE_TOKEN_INVALID"
	CursorInvalid          Reason = "CURSOR_INVALID"
	UpdateMaskInvalid      Reason = "UPDATE_MASK_INVALID"
	ETagMismatch           Reason = "ETAG_MISMATCH"
	WebhookSignatureBad    Reason = "WEBHOOK_SIGNATURE_INVALID"
	InternalError          Reason = "INTERNAL"
	DatabaseUnavailable    Reason = "DATABASE_UNAVAILABLE"
	ShuttingDown           Reason = "SHUTTING_DOWN"
	ConcurrentChange       Reason = "CONCURRENT_CHANGE"
	RequestIDReused        Reason = "REQUEST_ID_REUSED"
	MoneyInvalid           Reason = "MONEY_INVALID"
	CurrencyInvalid        Reason = "CURRENCY_INVALID"
	ProductNotFound        Reason = "PRODUCT_NOT_FOUND"
	ProductNotDeleted      Reason = "PRODUCT_NOT_DELETED"
	SKUTaken               Reason = "SKU_TAKEN"
	TokenRequired          Reason = "TOKEN_REQUIRED"
	TokenInvalid           Reason = "TOKEN_INVALID"
	TokenExpired           Reason = "TOKEN_EXPIRED"
	SessionEnded           Reason = "SESSION_ENDED"
	AdminRequired          Reason = "ADMIN_REQUIRED"
	AccessUndefined        Reason = "ACCESS_UNDEFINED"
	SignInFailed           Reason = "SIGN_IN_FAILED"
	SignInThrottled        Reason = "SIGN_IN_THROTTLED"
	RefreshTokenInvalid    Reason = "REFRESH_TOKEN_INVALID"
	RefreshTokenReused     Reason = "REFRESH_TOKEN_REUSED"
	OneTimeTokenInvalid    Reason = "ONE_TIME_TOKEN_INVALID"
	CrossSiteRefused       Reason = "CROSS_SITE_REFUSED"
	SetupComplete          Reason = "SETUP_COMPLETE"
	PasswordIncorrect      Reason = "PASSWORD_INCORRECT"
	SessionNotFound        Reason = "SESSION_NOT_FOUND"
	AdminNotFound          Reason = "ADMIN_NOT_FOUND"
	AdminNotDeleted        Reason = "ADMIN_NOT_DELETED"
	AdminNotInvited        Reason = "ADMIN_NOT_INVITED"
	EmailTaken             Reason = "EMAIL_TAKEN"
	LastAdmin              Reason = "LAST_ADMIN"
	DeliveryNotFound       Reason = "DELIVERY_NOT_FOUND"
	DeliveryNotRetryable   Reason = "DELIVERY_NOT_RETRYABLE"
	MailboxNotInUse        Reason = "MAILBOX_NOT_IN_USE"
	MailboxMessageNotFound Reason = "MAILBOX_MESSAGE_NOT_FOUND"
)
