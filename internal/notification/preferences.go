package notification

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/notificationpreference"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// GetPreferences returns the caller's preferences.
func (s *Service) GetPreferences(
	ctx context.Context, _ *catalogv1.GetPreferencesRequest,
) (*catalogv1.GetPreferencesResponse, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	preferences, err := s.preferences(ctx, caller)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetPreferencesResponse{Preferences: preferences}, nil
}

// UpdatePreferences changes the caller's preferences. Returns UPDATE_MASK_INVALID for an unknown path, and a field
// violation for an unknown frequency.
func (s *Service) UpdatePreferences(
	ctx context.Context, req *catalogv1.UpdatePreferencesRequest,
) (*catalogv1.UpdatePreferencesResponse, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := changesFrequency(req)
	if err != nil {
		return nil, err
	}
	if changes {
		if err := s.setFrequency(ctx, caller, req.GetPreferences().GetFrequency()); err != nil {
			return nil, err
		}
	}
	preferences, err := s.preferences(ctx, caller)
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdatePreferencesResponse{Preferences: preferences}, nil
}

func (s *Service) setFrequency(ctx context.Context, caller uuid.UUID, value catalogv1.Preferences_Frequency) error {
	frequency, ok := frequencies[value]
	if !ok {
		return fault.Field("preferences.frequency", fault.FieldUnknownValue, "must be immediate, hourly or daily")
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.NotificationPreference.Create().
			SetID(caller).
			SetFrequency(frequency).
			OnConflictColumns(notificationpreference.FieldID).
			UpdateNewValues().
			Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("update preferences: %w", err)
	}
	return nil
}

// preferences returns an administrator's preferences. Without a row, the frequency is immediate.
func (s *Service) preferences(ctx context.Context, id uuid.UUID) (*catalogv1.Preferences, error) {
	row, err := s.db.Reader().NotificationPreference.Get(ctx, id)
	if ent.IsNotFound(err) {
		return &catalogv1.Preferences{Frequency: catalogv1.Preferences_FREQUENCY_IMMEDIATE}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	for value, stored := range frequencies {
		if stored == row.Frequency {
			return &catalogv1.Preferences{Frequency: value}, nil
		}
	}
	return nil, fmt.Errorf("read preferences: unknown frequency %q", row.Frequency)
}

var errNoCaller = fault.New(fault.Unauthenticated, fault.TokenRequired, "sign in first")

// callerOf returns the calling administrator. Returns TOKEN_REQUIRED if there is none, which the interceptors rule
// out.
func callerOf(ctx context.Context) (uuid.UUID, error) {
	principal, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return uuid.Nil, errNoCaller
	}
	return principal.AdminID, nil
}

// changesFrequency reports whether the request changes the frequency. Without a mask, the fields that are set change.
func changesFrequency(req *catalogv1.UpdatePreferencesRequest) (bool, error) {
	paths := req.GetUpdateMask().GetPaths()
	for i, path := range paths {
		if path != "frequency" && (path != "*" || len(paths) > 1) {
			return false, fault.ReasonedFields(fault.UpdateMaskInvalid, fault.Violation{
				Field:       fmt.Sprintf("update_mask.paths[%d]", i),
				Description: fmt.Sprintf("%q is not a field of Preferences; use frequency, or * alone", path),
			})
		}
	}
	if req.GetUpdateMask() == nil || len(paths) == 0 {
		return req.GetPreferences().GetFrequency() != catalogv1.Preferences_FREQUENCY_UNSPECIFIED, nil
	}
	return true, nil
}

// frequencies maps the frequencies of the API to the stored ones.
var frequencies = map[catalogv1.Preferences_Frequency]notificationpreference.Frequency{
	catalogv1.Preferences_FREQUENCY_IMMEDIATE: notificationpreference.FrequencyImmediate,
	catalogv1.Preferences_FREQUENCY_HOURLY:    notificationpreference.FrequencyHourly,
	catalogv1.Preferences_FREQUENCY_DAILY:     notificationpreference.FrequencyDaily,
}
