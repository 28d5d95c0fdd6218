package app

import "net/http"

func (a *App) TestHandler() http.Handler { return a.server.Handler }
