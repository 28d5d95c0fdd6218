// Package notification tells administrators of each other's changes to products: never lost, never
// repeated where that can be known.
//
// The way of a change:
//
//  1. The hook writes a change row and a notify job in the transaction of the change. If it commits, both
//     exist; if not, neither did.
//  2. The notify job, due when the window has passed, takes every change of its actor that has no batch
//     yet, puts them into one, and writes a delivery for every other active administrator (or joins
//     their hourly or daily digest), with deliver jobs, in one transaction. A delivery is unique by
//     recipient and dedup_key. The job that finds its changes taken has nothing to do: one transaction's
//     changes share one time, so no clocks are compared.
//  3. The deliver job waits for its turn: after the mail server said that there were too many, nobody
//     sends for a while. It marks the deliveries (attempt_time), hands the mail over, and marks them sent. A
//     job never gives up: deliveries do, after maxTries, and then say so (state failed) and can be
//     tried again by hand, one or many. A limit is no try.
//  4. Mailgun's webhooks move a delivery on: delivered, bounced, complained. States only move forward.
//
// A mail with a link that works once is a delivery of its own: the account_mail job, inserted in the
// transaction that asks for it, writes it and a deliver_link job, which does as in step 3, ahead of all
// deliver jobs. The link is made as the mail is sent and dies when the next is made, so a repeated mail
// has the only link that works.
//
// # What may be repeated
//
// A process that is killed, or loses its connection, between the hand-over in step 3 and the mark
// behind it leaves a delivery that is pending with an attempt_time. The next try of the job first waits
// until the mailer's Settle time has passed since attempt_time, and then asks the mailer.
//
// With Mailgun, its event log is asked for our own Message-ID and recipient: who is listed as accepted
// is marked sent and not mailed again. A mail is repeated only if Mailgun accepted it, our mark was not
// committed, and the event log does not show the acceptance when it is asked, at least 30 seconds after
// the interrupted call began (after an answer of 5xx: after the back-off, from 2 seconds). If the log
// cannot be read, nothing is sent until it can be, and after maxTries the delivery fails visibly.
//
// SMTP cannot be asked. A mail is repeated if the server took it and we were killed, or cut off, before
// its answer was received and the mark committed.
//
// The local mailbox is exact: a repeat writes the same file.
//
// Nothing is lost in any of these: what is not known to be sent is sent.
package notification
