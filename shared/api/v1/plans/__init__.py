"""Routing plans of the caller's tenant: what happens to a call, as a document."""

from __future__ import annotations

import msgspec

from shared.api.route import ADMINISTRATORS, SUPERVISORS, Paged, Route
from shared.api.tenants import TenantPageQuery, TenantQuery
from shared.api.v1.plans.handlers import (
    check_plan,
    delete_plan,
    draw_document,
    draw_plan,
    get_plan,
    get_version,
    list_plans,
    list_versions,
    put_plan,
    try_plan,
)
from shared.api.v1.plans.models import OF_PLAN, OF_VERSION, Checked, Drawing, NewPlan, TriedPlan
from shared.plans.models import PlanVersion, SavedPlan
from shared.service.dry_run import DryRun

PATH = "plans/{planId}"

ROUTES = (
    Route(
        "GET",
        "plans",
        "listPlans",
        SUPERVISORS,
        "List the routing plans, without their steps",
        {200: Paged(PlanVersion)},
        list_plans,
        query=TenantPageQuery,
    ),
    Route(
        "POST",
        "plans/check",
        "checkPlan",
        SUPERVISORS,
        "Check a routing plan without saving it",
        {200: Checked},
        check_plan,
        body=msgspec.Raw,
        raw=True,
    ),
    Route(
        "POST",
        "plans/dry-run",
        "tryPlan",
        SUPERVISORS,
        "Try a routing plan without a call: the way of a caller through it, with the reasons",
        {200: DryRun},
        try_plan,
        body=TriedPlan,
        raw=True,
    ),
    Route(
        "POST",
        "plans/drawing",
        "drawPlanDocument",
        SUPERVISORS,
        "Get a picture of a routing plan that is not saved",
        {200: Drawing},
        draw_document,
        body=NewPlan,
        raw=True,
    ),
    Route(
        "GET",
        f"{PATH}/drawing",
        "drawPlan",
        SUPERVISORS,
        "Get a picture of a routing plan",
        {200: Drawing},
        draw_plan,
        parameters=OF_PLAN,
        query=TenantQuery,
    ),
    Route(
        "GET",
        PATH,
        "getPlan",
        SUPERVISORS,
        "Get the routing plan of a resource account, or the tenant's default",
        {200: SavedPlan},
        get_plan,
        parameters=OF_PLAN,
        query=TenantQuery,
    ),
    Route(
        "PUT",
        PATH,
        "putPlan",
        ADMINISTRATORS,
        "Create or replace a routing plan: it holds for calls that come in afterwards",
        {200: SavedPlan, 201: SavedPlan},
        put_plan,
        parameters=OF_PLAN,
        query=TenantQuery,
        body=NewPlan,
        raw=True,
        conditional=True,
    ),
    Route(
        "DELETE",
        PATH,
        "deletePlan",
        ADMINISTRATORS,
        "Delete a routing plan, if it exists; its versions remain",
        {204: None},
        delete_plan,
        parameters=OF_PLAN,
        query=TenantQuery,
        conditional=True,
    ),
    Route(
        "GET",
        f"{PATH}/versions",
        "listPlanVersions",
        SUPERVISORS,
        "List the versions of a routing plan, the newest first",
        {200: Paged(PlanVersion)},
        list_versions,
        parameters=OF_PLAN,
        query=TenantQuery,
    ),
    Route(
        "GET",
        f"{PATH}/versions/{{version}}",
        "getPlanVersion",
        SUPERVISORS,
        "Get a version of a routing plan",
        {200: SavedPlan},
        get_version,
        parameters=OF_VERSION,
        query=TenantQuery,
    ),
)
