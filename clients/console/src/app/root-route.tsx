import { createRootRoute } from "@tanstack/react-router";
import { Root } from "./root";
import { NotFoundPage, RouteErrorPage } from "./route-states";

export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFoundPage, errorComponent: RouteErrorPage });
