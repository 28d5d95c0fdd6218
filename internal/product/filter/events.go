package filter

import (
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"go.einride.tech/aip/filtering"

	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/text"
)

// Events matches security events. It is in SQL only.
type Events struct {
	root node // nil if the filter is blank
}

// eventFields lists the fields that a filter of security events can use.
const eventFields = "type, actor, admin, session_id, api_key_id, ip_address and create_time"

var eventComparisons = map[string]changeComparison{
	"type":        compareType,
	"actor":       personField{securityevent.FieldActorID, securityevent.FieldActorName}.compare,
	"admin":       personField{securityevent.FieldAdminID, securityevent.FieldAdminName}.compare,
	"session_id":  idField(securityevent.FieldSessionID).compare,
	"sessionId":   idField(securityevent.FieldSessionID).compare,
	"api_key_id":  idField(securityevent.FieldAPIKeyID).compare,
	"apiKeyId":    idField(securityevent.FieldAPIKeyID).compare,
	"ip_address":  compareAddress,
	"ipAddress":   compareAddress,
	"create_time": compareEventTime,
	"createTime":  compareEventTime,
}

// ParseEvents is Parse for a filter of security events.
func ParseEvents(field, filter string) (*Events, error) {
	root, err := parse(&reader{field: field, more: eventComparisons, only: eventFields}, filter)
	if err != nil {
		return nil, err
	}
	return &Events{root: root}, nil
}

// SQL returns the conditions of a query for the matching events: none if the filter is blank.
func (f *Events) SQL() []predicate.SecurityEvent {
	if f.root == nil {
		return nil
	}
	return []predicate.SecurityEvent{translate(f.root, func(leaf node) predicate.SecurityEvent {
		if n, ok := leaf.(onEvent); ok {
			return predicate.SecurityEvent(n)
		}
		panic(fmt.Sprintf("filter: %T in a query of security events", leaf)) // ParseEvents makes none
	})}
}

// onEvent is a condition on a security event. It is never null.
type onEvent predicate.SecurityEvent

func (onEvent) holds(subject, bool) bool {
	panic("filter: a condition on a security event in a filter of products") // Parse makes none
}

// equal returns the condition op, which is =, != or :, for a column that can be null.
func equal(op, column string, value any) (node, string) {
	is := onEvent(sql.AndPredicates(sql.FieldNotNull(column), sql.FieldEQ(column, value)))
	switch op {
	case filtering.FunctionEquals, filtering.FunctionHas:
		return is, ""
	case filtering.FunctionNotEquals:
		return negation{is}, ""
	default:
		return nil, "can only be compared with = and !="
	}
}

// compareType compares names of kinds, such as SIGN_IN or TYPE_SIGN_IN.
func compareType(op string, v operand) (node, string) {
	const prefix = "TYPE_"
	name := strings.TrimPrefix(v.text, prefix)
	if number, known := catalogv1.SecurityEvent_Type_value[prefix+name]; !known || number == 0 || v.isTimestamp {
		return nil, "must be compared with a type of security events, such as TYPE_SIGN_IN_FAILED"
	}
	return equal(op, securityevent.FieldType, strings.ToLower(name))
}

// personField is an administrator, or key: their id and name.
type personField struct{ id, name string }

// compare compares the id or the name.
func (f personField) compare(op string, v operand) (node, string) {
	if v.isTimestamp {
		return nil, "must be compared with the id or the name of an administrator"
	}
	value := text.Clean(v.text)
	if id, err := uuid.Parse(value); err == nil {
		return equal(op, f.id, id)
	}
	if op == filtering.FunctionHas {
		return contains(f.name, value), ""
	}
	return equal(op, f.name, value)
}

// contains is the condition that a text contains another, exactly.
func contains(column, part string) node {
	return onEvent(func(s *sql.Selector) { s.Where(positive(s, column, part)) })
}

// idField is the column of an id.
type idField string

func (f idField) compare(op string, v operand) (node, string) {
	id, err := uuid.Parse(v.text)
	if err != nil || v.isTimestamp {
		return nil, "must be compared with a UUID"
	}
	return equal(op, string(f), id)
}

// compareAddress compares network addresses as they are kept.
func compareAddress(op string, v operand) (node, string) {
	if v.isTimestamp {
		return nil, "must be compared with a network address"
	}
	if op == filtering.FunctionHas {
		return contains(securityevent.FieldIPAddress, v.text), ""
	}
	return equal(op, securityevent.FieldIPAddress, v.text)
}

func compareEventTime(op string, v operand) (node, string) {
	t, problem := timeOf(op, v)
	if problem != "" {
		return nil, problem
	}
	return onEvent(orderings[op].where(securityevent.FieldCreateTime, t)), ""
}
