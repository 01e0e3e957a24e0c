"""Customers of the caller's tenant. Names and numbers are in bodies only: URLs are logged by everything they pass."""

from __future__ import annotations

from shared.api.route import AGENTS, SUPERVISORS, Paged, Route
from shared.api.tenants import TenantPageQuery, TenantQuery
from shared.api.v1.customers.handlers import (
    delete_customer,
    get_customer,
    import_customers,
    list_customers,
    put_customer,
    search_customers,
)
from shared.api.v1.customers.models import (
    OF_CUSTOMER,
    CustomerImport,
    CustomerSearch,
    ImportResults,
    NewCustomer,
)
from shared.customers.models import Customer

PATH = "customers/{customerId}"

ROUTES = (
    Route(
        "GET",
        "customers",
        "listCustomers",
        AGENTS,
        "List the customers, those created last first",
        {200: Paged(Customer)},
        list_customers,
        query=TenantPageQuery,
    ),
    Route(
        "POST",
        "customers/search",
        "searchCustomers",
        AGENTS,
        "Search customers by a number, or by the beginning of a word of their name",
        {200: Paged(Customer)},
        search_customers,
        query=TenantQuery,
        body=CustomerSearch,
    ),
    Route(
        "POST",
        "customers/import",
        "importCustomers",
        SUPERVISORS,
        "Create or replace up to 200 customers, with a result for each",
        {200: ImportResults},
        import_customers,
        query=TenantQuery,
        body=CustomerImport,
    ),
    Route(
        "GET",
        PATH,
        "getCustomer",
        AGENTS,
        "Get a customer",
        {200: Customer},
        get_customer,
        parameters=OF_CUSTOMER,
        query=TenantQuery,
    ),
    Route(
        "PUT",
        PATH,
        "putCustomer",
        SUPERVISORS,
        "Create or replace a customer",
        {200: Customer, 201: Customer},
        put_customer,
        parameters=OF_CUSTOMER,
        query=TenantQuery,
        body=NewCustomer,
        conditional=True,
    ),
    Route(
        "DELETE",
        PATH,
        "deleteCustomer",
        SUPERVISORS,
        "Delete a customer, if it exists",
        {204: None},
        delete_customer,
        parameters=OF_CUSTOMER,
        query=TenantQuery,
        conditional=True,
    ),
)
