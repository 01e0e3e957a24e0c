"""Cmdlets for the Teams administrator, to paste into PowerShell after ``Connect-MicrosoftTeams``.

Parameters as in Microsoft Learn, module MicrosoftTeams; those of licences in Microsoft.Graph.Users.Actions. PowerShell
prompts for values that the doctor does not know or does not disclose.
"""

from __future__ import annotations

BOT = "(Read-Host 'Application id of the bot')"


def create() -> str:
    names = "-UserPrincipalName (Read-Host 'User principal name') -DisplayName (Read-Host 'Display name')"
    return f"New-CsOnlineApplicationInstance {names} -ApplicationId {BOT}"


def link(account: str, app_id: str, acs_resource_id: str) -> str:
    app = app_id or BOT
    set_ = f"Set-CsOnlineApplicationInstance -Identity {account} -ApplicationId {app} -AcsResourceId {acs_resource_id}"
    sync = f"Sync-CsOnlineApplicationInstance -ObjectId {account} -ApplicationId {app} -AcsResourceId {acs_resource_id}"
    return f"{set_}; {sync}"


def number(account: str) -> str:
    given = "-PhoneNumber (Read-Host 'Number, such as +12065550100') -PhoneNumberType"
    kind = "(Read-Host 'DirectRouting, CallingPlan or OperatorConnect')"
    return f"Set-CsPhoneNumberAssignment -Identity {account} {given} {kind}"


def licence(account: str) -> str:
    sku = "(Get-MgSubscribedSku -All | Where-Object { $_.SkuPartNumber -eq 'PHONESYSTEM_VIRTUALUSER' }).SkuId"
    return f"Set-MgUserLicense -UserId {account} -AddLicenses @{{SkuId = {sku}}} -RemoveLicenses @()"


def see_licence(account: str) -> str:
    return f"Get-MgUserLicenseDetail -UserId {account}"
