package app

import "github.com/zebrands/catalog/internal/db"

// Database returns the database.
func (a *App) Database() *db.DB { return a.parts.db }
