package fault

// FieldReason is the stable name of a violated rule: the reason in google.rpc.BadRequest.FieldViolation.
// Clients may rely on it, for example to translate messages; descriptions may change. docs/errors.md lists
// all of them.
type FieldReason string

// The field reasons. A violation of any other rule has the reason of the fault.
const (
	FieldRequired          FieldReason = "REQUIRED"
	FieldTooShort          FieldReason = "TOO_SHORT"
	FieldTooLong           FieldReason = "TOO_LONG"
	FieldTooMany           FieldReason = "TOO_MANY"
	FieldOutOfRange        FieldReason = "OUT_OF_RANGE"
	FieldNotUnique         FieldReason = "NOT_UNIQUE"
	FieldUnknownValue      FieldReason = "UNKNOWN_VALUE"
	FieldControlCharacters FieldReason = "CONTROL_CHARACTERS"
	FieldNotUUID           FieldReason = "NOT_A_UUID"
	FieldNotWebAddress     FieldReason = "NOT_A_WEB_ADDRESS"
	FieldNotEmail          FieldReason = "NOT_AN_EMAIL_ADDRESS"
	FieldNotDecimal        FieldReason = "NOT_A_DECIMAL"
	FieldNegative          FieldReason = "NEGATIVE"
	FieldTooManyDecimals   FieldReason = "TOO_MANY_DECIMALS"
	FieldTooLarge          FieldReason = "TOO_LARGE"
	FieldUnknownCurrency   FieldReason = "UNKNOWN_CURRENCY"
	FieldOneCharacter      FieldReason = "ONE_CHARACTER"
	FieldSameAsEmail       FieldReason = "SAME_AS_EMAIL"
	FieldCommonPassword    FieldReason = "COMMON_PASSWORD"
)
