// Package notification notifies administrators of each other's product changes by mail. It is a transactional outbox
// with at-least-once delivery, and with no duplicates where the mail server can be queried, save for the cases below.
//
// The path of a change:
//
//  1. The hook inserts a change row and a notify job in the transaction of the change. They exist if and only if it
//     commits.
//  2. The notify job, due after the window, batches all changes of its actor that have no batch yet. In the same
//     transaction it creates a delivery for every other active administrator (or joins their hourly or daily digest),
//     with deliver jobs. A delivery is unique by recipient and dedup_key. A job does nothing if its changes are in a
//     batch already: the changes of one transaction share one time, so no clocks are compared.
//  3. The deliver job waits for the rate limit and for pauses that the mail server asked for. It marks the deliveries
//     (attempt_time), sends the mail, and marks them as sent. Jobs are retried without limit; deliveries fail after
//     maxAttempts. Failed deliveries are visible (state failed) and can be retried manually, one or many. A rate limit
//     does not count as an attempt.
//  4. Mailgun's webhooks update the state: delivered, bounced, complained. States only move forward.
//
// A mail with a one-time link is a separate delivery: the account_mail job, inserted in the transaction that requests
// it, creates it with a deliver_link job. That job works as in step 3, with priority over deliver jobs. The link is
// created when the mail is sent, and the next one invalidates it. So only the last of several repeated mails has a
// valid link.
//
// # Duplicates
//
// If a process dies or loses its connection between sending and marking in step 3, the delivery stays pending with an
// attempt_time. The job's next attempt first waits until the mailer's Settle time has passed since attempt_time, and
// then queries the mailer.
//
// Mailgun's event log is queried by Message-ID and recipient: accepted recipients are marked as sent and get no second
// mail. A duplicate occurs only if Mailgun accepted the mail, the mark was not committed, and the event log does not
// list the acceptance when it is queried, at least 30 seconds after the interrupted call began (after a 5xx response:
// after the backoff, from 2 seconds). While the log is unavailable, nothing is sent; after maxAttempts the delivery
// fails visibly.
//
// SMTP has no such query. A duplicate occurs if the server accepted the mail and the process died or lost its
// connection before it received the response and committed the mark.
//
// The local mailbox has no duplicates: a repeated write replaces the same file.
//
// No mail is lost in any of these cases: unless it is known to be sent, it is sent again.
package notification
