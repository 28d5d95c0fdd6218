import { createRootRoute } from "@tanstack/react-router";
import { Root } from "./root";
import { NotFound, RouteError } from "./route-states";

export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: RouteError });
