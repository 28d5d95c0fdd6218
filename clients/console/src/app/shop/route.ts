import { createRoute } from "@tanstack/react-router";
import { rootRoute } from "../root-route";
import { ShopLayout } from "./layout";

/** What anonymous visitors see. */
export const shopRoute = createRoute({ getParentRoute: () => rootRoute, id: "shop", component: ShopLayout });
