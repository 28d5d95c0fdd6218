package notification

import (
	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
)

// securityView is the data of the security templates.
type securityView struct {
	Subject, Name, Text, Advice, Action, Link string
	Rows                                      []rowView
}

// rowView is a labeled value.
type rowView struct{ Label, Value string }

// advice is what a recipient can do about an event that they did not cause.
type advice int

const (
	// ask another administrator: the recipient may have lost the account.
	ask advice = iota
	// reset the password.
	reset
	// review the profile's sessions, passkeys and keys.
	review
)

// noticeText is what a mail says about a kind of event.
type noticeText struct {
	subject, text string
	advice        advice
}

// noticeTexts has the text for every kind of event.
var noticeTexts = map[catalogv1.SecurityEvent_Type]noticeText{
	catalogv1.SecurityEvent_TYPE_SIGN_IN: {
		"Somebody signed in to your account", "Somebody signed in to your account in the catalog.", reset,
	},
	catalogv1.SecurityEvent_TYPE_SIGN_IN_FAILED: {
		"A sign-in to your account failed",
		"Somebody tried to sign in to your account in the catalog, and failed.", review,
	},
	catalogv1.SecurityEvent_TYPE_SIGN_IN_THROTTLED: {
		"Sign-ins to your account failed too often",
		"Somebody tried to sign in to your account in the catalog too often. The next tries are refused for a while.",
		review,
	},
	catalogv1.SecurityEvent_TYPE_SIGN_OUT: {
		"A session of yours was signed out", "A session of your account in the catalog was signed out.", review,
	},
	catalogv1.SecurityEvent_TYPE_REAUTHENTICATED: {
		"Your identity was confirmed", "Somebody with your password or passkey confirmed your identity in the catalog.",
		reset,
	},
	catalogv1.SecurityEvent_TYPE_REAUTHENTICATION_FAILED: {
		"A confirmation of your identity failed",
		"Somebody who uses a session of yours did not know your password, or had none of your passkeys.", review,
	},
	catalogv1.SecurityEvent_TYPE_REFRESH_TOKEN_REUSED: {
		"A session of yours was ended",
		"An old token of one of your sessions was used again. Somebody may have copied it, so the session was ended.",
		reset,
	},
	catalogv1.SecurityEvent_TYPE_PASSWORD_RESET_REQUESTED: {
		"A link to reset your password was asked for",
		"Somebody asked for a link to reset your password for the catalog.",
		review,
	},
	catalogv1.SecurityEvent_TYPE_PASSWORD_RESET: {
		"Your password was reset",
		"Your password for the catalog was reset with a link from a mail. All earlier sessions were ended.", reset,
	},
	catalogv1.SecurityEvent_TYPE_PASSWORD_CHANGED: {
		"Your password was changed",
		"Your password for the catalog was changed. All earlier sessions were ended.", reset,
	},
	catalogv1.SecurityEvent_TYPE_INVITED: {
		"You were invited", "You were invited to administer the catalog.", ask,
	},
	catalogv1.SecurityEvent_TYPE_INVITATION_ACCEPTED: {
		"Your invitation was accepted",
		"Your invitation to the catalog was accepted, and a password was chosen.", reset,
	},
	catalogv1.SecurityEvent_TYPE_EMAIL_CHANGE_REQUESTED: {
		"Your e-mail address is about to change",
		"A new e-mail address was set for your account in the catalog. " +
			"It replaces this one as soon as its owner confirms it.",
		reset,
	},
	catalogv1.SecurityEvent_TYPE_EMAIL_CHANGED: {
		"Your e-mail address was changed", "The e-mail address of your account in the catalog was changed.", ask,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_CREATED: {
		"An account was created for you",
		"You are now an administrator of the catalog. Another administrator chose your password.", reset,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_DISABLED: {
		"Your account was disabled",
		"Your account in the catalog was disabled. You can no longer sign in, and your API keys do not work.", ask,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_ENABLED: {
		"Your account was enabled", "Your account in the catalog was enabled. You can sign in again.", review,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_DELETED: {
		"Your account was deleted",
		"Your account in the catalog was deleted. You can no longer sign in, and your API keys do not work.", ask,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_UNDELETED: {
		"Your account was restored", "Your account in the catalog, which had been deleted, was restored.", review,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_ERASED: {
		"Your data was erased", "Your name and your addresses were erased from the catalog.", ask,
	},
	catalogv1.SecurityEvent_TYPE_SESSION_REVOKED: {
		"A session of yours was revoked", "A session of your account in the catalog was ended.", review,
	},
	catalogv1.SecurityEvent_TYPE_API_KEY_CREATED: {
		"An API key was created in your name",
		"An API key of the catalog was created. Programs that have it act in your name.",
		reset,
	},
	catalogv1.SecurityEvent_TYPE_API_KEY_REVOKED: {
		"An API key of yours was revoked",
		"An API key that you created for the catalog was revoked. It no longer works.", review,
	},
	catalogv1.SecurityEvent_TYPE_PASSKEY_CREATED: {
		"A passkey was added to your account", "A passkey was added to your account in the catalog.", reset,
	},
	catalogv1.SecurityEvent_TYPE_PASSKEY_DELETED: {
		"A passkey was removed from your account", "A passkey was removed from your account in the catalog.", reset,
	},
	catalogv1.SecurityEvent_TYPE_RECOVERY_CODES_CREATED: {
		"Your recovery codes were replaced",
		"New recovery codes were created for your account in the catalog. The old ones no longer work.", reset,
	},
	catalogv1.SecurityEvent_TYPE_RECOVERY_CODE_USED: {
		"A recovery code of yours was used",
		"Somebody signed in to your account in the catalog with a recovery code.", reset,
	},
	catalogv1.SecurityEvent_TYPE_SECURITY_POLICY_UPDATED: {
		"The security policy was changed",
		"The rules for all administrators of the catalog were changed in your name.", reset,
	},
	catalogv1.SecurityEvent_TYPE_SECOND_FACTOR_FAILED: {
		"Somebody has your password",
		"Somebody gave your password for the catalog, but failed to prove a second factor, such as a passkey.", reset,
	},
	catalogv1.SecurityEvent_TYPE_ADMIN_UPDATED: {
		"Your name was changed", "The name of your account in the catalog was changed.", review,
	},
}

// detailLabels has the details of events that mails show, in order.
var detailLabels = []struct{ key, label string }{
	{"old_name", "Old name"},
	{"new_name", "New name"},
	{"old_email", "Old address"},
	{"new_email", "New address"},
	{"key_name", "API key"},
	{"passkey_name", "Passkey"},
}

// viewOfEvent returns the data of the template for a mail to an administrator.
func viewOfEvent(event *ent.SecurityEvent, to *ent.Admin, publicURL string) securityView {
	text := noticeTexts[auth.EventType(event)]
	v := securityView{Subject: text.subject, Name: plain(to.Name), Text: text.text}
	for _, detail := range detailLabels {
		if value := event.Details[detail.key]; value != "" {
			v.Rows = append(v.Rows, rowView{detail.label, plain(value)})
		}
	}
	v.Rows = append(v.Rows,
		rowView{"By", who(event)},
		rowView{"When", event.CreateTime.UTC().Format("2 January 2006, 15:04:05 UTC")})
	if event.IPAddress != "" {
		v.Rows = append(v.Rows, rowView{"From", event.IPAddress})
	}
	if agent := plain(event.UserAgent); agent != "" {
		v.Rows = append(v.Rows, rowView{"With", shorten(agent, nameSize)})
	}
	switch text.advice {
	case ask:
		v.Advice = "If you did not expect this, tell another administrator of the catalog at once."
	case reset:
		v.Advice = "If you did not expect this, choose a new password at once, which also ends all sessions, " +
			"and tell another administrator."
		v.Action, v.Link = "Choose a new password", publicURL+"/forgot-password"
	case review:
		v.Advice = "If you did not expect this, look at your sessions, and ask another administrator."
		v.Action, v.Link = "See your sessions", publicURL+"/admin/profile"
	}
	return v
}

// who names the actor of an event to the administrator concerned.
func who(event *ent.SecurityEvent) string {
	switch {
	case event.ActorID != nil && event.AdminID != nil && *event.ActorID == *event.AdminID:
		return "you, or somebody with access to your account"
	case event.ActorName == "":
		return "somebody who was not signed in"
	default:
		return plain(event.ActorName)
	}
}
