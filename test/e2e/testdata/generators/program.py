"""What a program does with a client that openapi-python-client makes: see generators_test.go."""

import json
import os

from catalog import AuthenticatedClient, Client
from catalog.api.admin_service import admin_service_update_admin
from catalog.api.auth_service import auth_service_get_current_admin, auth_service_sign_in
from catalog.api.product_service import (
    product_service_create_product,
    product_service_delete_product,
    product_service_get_product,
    product_service_get_product_get,
    product_service_list_products,
    product_service_update_product,
)
from catalog.models import (
    Admin,
    CreateProductRequest,
    DeleteProductRequest,
    Error,
    GetCurrentAdminRequest,
    GetProductRequest,
    ListProductsRequest,
    Money,
    Product,
    ProductAttributes,
    ProductServiceGetProductGetEncoding,
    SignInRequest,
    UpdateAdminRequest,
    UpdateProductRequest,
)

url = os.environ["CATALOG_URL"]


def must(response):
    """Returns the response of a call that must succeed."""
    if response is None or isinstance(response, Error):
        raise AssertionError(response)
    return response


def reason_of(error):
    """Returns the stable reason of an error."""
    assert isinstance(error, Error), error
    return next(d.debug.reason for d in error.details if d.type_ == "google.rpc.ErrorInfo")


anonymous = Client(base_url=url)
credentials = SignInRequest(email=os.environ["EMAIL"], password=os.environ["PASSWORD"])
tokens = must(auth_service_sign_in.sync(client=anonymous, body=credentials))
client = AuthenticatedClient(base_url=url, token=tokens.access_token)


def update(product, **rest):
    return product_service_update_product.sync(client=client, body=UpdateProductRequest(product=product, **rest))


# A product: create, read with GET, update a part of it and all of it, list, delete.
lamp = Product(
    sku="PY-1",
    name="Lamp",
    brand="Luz",
    price=Money(amount="129.90", currency_code="MXN"),
    weight_grams="1200",
    attributes=ProductAttributes.from_dict({"color": "brass"}),
)
created = must(product_service_create_product.sync(client=client, body=CreateProductRequest(product=lamp))).product
read = must(
    product_service_get_product_get.sync(
        client=anonymous, message=json.dumps({"id": created.id}), encoding=ProductServiceGetProductGetEncoding.JSON
    )
).product
assert read.weight_grams == "1200", read
assert read.create_time.tzinfo is not None, read
part = Product(id=created.id, price=Money(amount="119.90", currency_code="MXN"))
cheaper = must(update(part, update_mask="price")).product
assert cheaper.price.amount == "119.90", cheaper
cheaper.name = "Desk lamp"
assert must(update(cheaper)).product.name == "Desk lamp"
listed = must(product_service_list_products.sync(client=anonymous, body=ListProductsRequest(filter_='brand = "Luz"')))
assert [p.sku for p in listed.products] == ["PY-1"], listed

# An error has a stable reason, and names invalid fields.
stale = update(Product(id=created.id, etag=created.etag, name="Floor lamp"), update_mask="name")
assert reason_of(stale) == "ETAG_MISMATCH", stale
invalid = update(Product(id=created.id, price=Money(amount="-1", currency_code="MXN")), update_mask="price")
violations = [v.field for d in invalid.details for v in d.debug.field_violations or []]
assert violations == ["product.price.amount"], invalid

must(product_service_delete_product.sync(client=client, body=DeleteProductRequest(id=created.id)))
gone = product_service_get_product.sync_detailed(client=anonymous, body=GetProductRequest(sku="PY-1"))
assert gone.status_code == 404, gone
assert reason_of(gone.parsed) == "PRODUCT_NOT_FOUND", gone

# An administrator.
me = must(auth_service_get_current_admin.sync(client=client, body=GetCurrentAdminRequest())).admin
assert isinstance(me, Admin), me
me.name = "Named by Python"
renamed = must(admin_service_update_admin.sync(client=client, body=UpdateAdminRequest(admin=me, update_mask="name"))).admin
assert renamed.name == "Named by Python", renamed
print("done")
