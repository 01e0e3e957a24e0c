#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications

<#
.SYNOPSIS
Creates three Entra app registrations: the bot's app, the HTTP API, and the app that agents sign in with.

.DESCRIPTION
For the Entra administrator (Application Administrator, and Privileged Role Administrator for the consent) of the tenant
of the Function App. No secret is created: the API authenticates with the app's managed identity, which its federated
credential trusts. Each step reads the current state first. Ids of permissions are looked up in the tenant by name.
The script manages the permissions of the three registrations and removes all others. Other app roles, scopes and optional
claims stay. What is not given stays as it is: the audience, the redirect URIs, what a switch allowed before.
A switch that is given as false (-AllowAzureCli:$false) revokes it.

Every user of a tenant can register an app of any name. So the script changes an existing registration only if it is given
in -Registered; otherwise an existing registration of the same name is an error.

Sign in first: Connect-MgGraph -Scopes 'Application.ReadWrite.All'

.PARAMETER AppPrincipalId
Object (principal) id of the app's managed identity: azd env get-value APP_PRINCIPAL_ID.

.PARAMETER AppHostName
Host name of the Function App: azd env get-value FUNCTION_APP_HOST. The consent page redirects there.

.PARAMETER ConsoleHostName
Host name of the web console: azd env get-value CONSOLE_HOST. Its address joins the redirect URIs of the agents' app.

.PARAMETER RedirectUri
Redirect URIs of the agents' app, a single-page application; http://localhost by default. The list is complete: URIs that
are not in it are removed.

.PARAMETER Name
Prefix of the three registrations' names. Each environment needs its own.

.PARAMETER Registered
Application (client) ids of the registrations that this script created before, in any order.

.PARAMETER MultiTenant
Allows users of other tenants to sign in. API_TENANTS lists which tenants.

.PARAMETER CustomerTenantId
Tenants of customers, whose consent URLs are output too. Implies -MultiTenant.

.PARAMETER CustomTeamsClient
Allows the agents' app also to request a Teams user's token (Teams.ManageCalls, Teams.ManageChats), for the route teams-tokens.

.PARAMETER AllowAzureCli
Allows the Azure CLI to get tokens for the API (az account get-access-token), for administrators who call it with curl.

.EXAMPLE
./New-AppRegistration.ps1 -AppPrincipalId $principal -AppHostName func-x.azurewebsites.net -WhatIf

Shows what would change.

.EXAMPLE
./New-AppRegistration.ps1 -AppPrincipalId $principal -AppHostName func-x.azurewebsites.net -ConsoleHostName stapp-x.azurestaticapps.net

Creates them in the tenant of the session.

.EXAMPLE
./New-AppRegistration.ps1 -AppPrincipalId $principal -AppHostName func-x.azurewebsites.net -Registered $bot, $api, $agents -CustomerTenantId $fabrikam

Allows users of another tenant to sign in as well.

.OUTPUTS
One object for each step (Target, Step, State, Detail), then one with the settings, and one for each tenant with the URLs
for its administrator's consent, the API's first.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory)]
    [guid] $AppPrincipalId,

    [Parameter(Mandatory)]
    [ValidatePattern('^[a-z0-9-]+(\.[a-z0-9-]+)+$')]
    [string] $AppHostName,

    [Parameter()]
    [ValidatePattern('^([a-z0-9-]+(\.[a-z0-9-]+)+)?$')]
    [string] $ConsoleHostName = '',

    [Parameter()]
    [ValidatePattern('^(https://|http://localhost)')]
    [string[]] $RedirectUri = @(),

    [Parameter()]
    [ValidatePattern('^[A-Za-z0-9 _-]{1,100}$')]
    [string] $Name = 'Teams Phone',

    [Parameter()]
    [guid[]] $Registered = @(),

    [Parameter()]
    [switch] $MultiTenant,

    [Parameter()]
    [guid[]] $CustomerTenantId = @(),

    [Parameter()]
    [switch] $CustomTeamsClient,

    [Parameter()]
    [switch] $AllowAzureCli
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')
$session = Assert-GraphSession -Scope 'Application.ReadWrite.All'
$known = @(foreach ($each in $Registered) { "$each" })
$alone, $several = 'AzureADMyOrg', 'AzureADMultipleOrgs'
$audience = if ($MultiTenant -or $CustomerTenantId.Count -gt 0) { $several } elseif ($PSBoundParameters.ContainsKey('MultiTenant')) { $alone }

function Get-Registration {
    <#
    .SYNOPSIS
    Finds a registration by its name, if it is in -Registered.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $DisplayName
    )
    $found = @(Get-MgApplication -Filter "displayName eq '$DisplayName'")
    $own = @($found | Where-Object { $known -contains $_.AppId })
    if ($own.Count -gt 1) { throw "-Registered names $($own.Count) registrations named '$DisplayName'. Give the one that this script created." }
    if ($own.Count -eq 1) { return $own[0] }
    if ($found.Count -gt 0) {
        throw "'$DisplayName' is registered already, as $($found[0].AppId). If this script created it, give its id in -Registered. Otherwise use another -Name: its owners, and holders of its secrets, could act as this app."
    }
}

function Get-Permission {
    <#
    .SYNOPSIS
    Builds a registration's request for scopes (delegated) and roles (application) of a resource.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory)] [AllowNull()] [object] $Resource,
        [Parameter()] [AllowEmptyCollection()] [string[]] $Scope = @(),
        [Parameter()] [AllowEmptyCollection()] [string[]] $Role = @()
    )
    if ($null -eq $Resource) { return } # only with -WhatIf
    $access = @(
        foreach ($each in $Scope) {
            $found = Select-ByValue -InputObject $Resource.Oauth2PermissionScopes -Value $each
            if (-not $found) { throw "$($Resource.DisplayName) has no scope $each." }
            @{ Id = $found.Id; Type = 'Scope' }
        }
        foreach ($each in $Role) {
            $found = Select-ByValue -InputObject $Resource.AppRoles -Value $each
            if (-not $found) { throw "$($Resource.DisplayName) has no application permission $each." }
            @{ Id = $found.Id; Type = 'Role' }
        }
    )
    @{ ResourceAppId = $Resource.AppId; ResourceAccess = $access }
}

function Format-Permission {
    <#
    .SYNOPSIS
    Converts permissions to a sorted text, for comparison.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [AllowNull()] [AllowEmptyCollection()] [object[]] $Permission
    )
    $lines = foreach ($resource in $Permission) {
        if ($null -eq $resource) { continue }
        foreach ($access in $resource.ResourceAccess) { "$($resource.ResourceAppId) $($access.Type) $($access.Id)" }
    }
    (@($lines) | Sort-Object) -join "`n"
}

# -- The resources whose permissions are requested ---------------------------------------------------------------

$graph = Get-MgServicePrincipal -Filter "appId eq '00000003-0000-0000-c000-000000000000'"
$communication = Get-MgServicePrincipal -Filter "servicePrincipalNames/any(each:each eq 'https://auth.msft.communication.azure.com')"
if ($communication) {
    Write-Step -Target 'Azure Communication Services' -Step 'service principal' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess('Azure Communication Services', 'Create the service principal')) {
    $communication = New-MgServicePrincipal -AppId '1fd5118e-2576-4263-8130-9503064c837a' # "Set up and create access tokens for Teams users"
    Write-Step -Target 'Azure Communication Services' -Step 'service principal' -State 'done'
}
else {
    Write-Step -Target 'Azure Communication Services' -Step 'service principal' -State 'not done'
}

# -- The three registrations -------------------------------------------------------------------------------------

$called = @(foreach ($kind in 'bot', 'API', 'agents') { Get-MgApplication -Filter "displayName eq '$Name $kind'" })
$ids = @(foreach ($each in $called) { $each.AppId })
foreach ($each in $known) {
    if ($ids -notcontains $each) { throw "No registration '$Name ...' has the id $each. Give the -Name that it was created with." }
}

$registrations = @{}
foreach ($kind in 'bot', 'API', 'agents') {
    $title = "$Name $kind"
    $registrations[$kind] = Get-Registration -DisplayName $title
    if ($registrations[$kind]) {
        Write-Step -Target $title -Step 'registration' -State 'already so' -Detail $registrations[$kind].AppId
    }
    elseif ($PSCmdlet.ShouldProcess($title, 'Register the app')) {
        $made = New-MgApplication -DisplayName $title -SignInAudience $(if ($audience) { $audience } else { $alone })
        $registrations[$kind] = Wait-Result -Attempt { Get-MgApplication -Filter "appId eq '$($made.AppId)'" } -Seconds 120 -Otherwise "Entra does not show '$title' yet"
        Write-Step -Target $title -Step 'registration' -State 'done' -Detail $registrations[$kind].AppId
    }
    else {
        Write-Step -Target $title -Step 'registration' -State 'not done'
    }
}
$bot, $api, $agents = $registrations['bot'], $registrations['API'], $registrations['agents']
if (-not ($bot -and $api -and $agents)) { return } # -WhatIf, or declined: the rest requires all three

# -- The bot: its audience ----------------------------------------------------------------------------------------

if (-not $audience -or $bot.SignInAudience -eq $audience) {
    Write-Step -Target $bot.DisplayName -Step 'settings' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess($bot.DisplayName, 'Set audience')) {
    $null = Update-MgApplication -ApplicationId $bot.Id -SignInAudience $audience
    Write-Step -Target $bot.DisplayName -Step 'settings' -State 'done' -Detail 'audience'
}
else {
    Write-Step -Target $bot.DisplayName -Step 'settings' -State 'not done' -Detail 'audience'
}

# -- The API: roles, scopes, permissions -------------------------------------------------------------------------

$descriptions = @{
    Agent         = 'Takes calls: sees lines, people, own delegates and meetings, opens chats, gets tokens.'
    Supervisor    = 'What agents may, for those who look after them.'
    Administrator = 'Grants access, refreshes the directory, runs the diagnosis.'
}
$roles = @(foreach ($each in $api.AppRoles) { $each }) + @(
    foreach ($each in 'Agent', 'Supervisor', 'Administrator') {
        if (-not (Select-ByValue -InputObject $api.AppRoles -Value $each)) {
            @{
                Id = "$([guid]::NewGuid())"; Value = $each; DisplayName = $each; Description = $descriptions[$each]
                IsEnabled = $true; AllowedMemberTypes = @('User', 'Application')
            }
        }
    }
)
$oldScopes = Get-PropertyValue -InputObject $api.Api -Name 'Oauth2PermissionScopes'
$scope = Select-ByValue -InputObject $oldScopes -Value 'access_as_user'
if (-not $scope) {
    $scope = @{
        Id = "$([guid]::NewGuid())"; Value = 'access_as_user'; Type = 'User'; IsEnabled = $true
        AdminConsentDisplayName = "Use $Name"; AdminConsentDescription = "Allows the app to use $Name for the signed-in user."
        UserConsentDisplayName = "Use $Name"; UserConsentDescription = "Lets the app use $Name for you."
    }
}
$scopes = @(foreach ($each in $oldScopes) { if ($each.Value -ne 'access_as_user') { $each } }) + @($scope)
$requested = @{
    Resource = $graph
    Scope    = @(
        'TeamsResourceAccount.Read.All', 'CallDelegation.Read', 'User.ReadBasic.All', 'Chat.Create', 'Chat.ReadBasic',
        'Calendars.Read'
    )
    # For the timer, which has no signed-in user, and for the doctor, which reads a resource account's licence.
    Role     = @('TeamsResourceAccount.Read.All', 'LicenseAssignment.Read.All')
}
$permissions = @(Get-Permission @requested)
$identifier = "api://$($api.AppId)"
$consentEnds = "https://$AppHostName/api/health"
$oldTrust = Get-PropertyValue -InputObject $api.Api -Name 'PreAuthorizedApplications'
# Without the claim idtyp an application's token is not recognizable, and the API refuses it ("Optional claims reference").
$oldClaims = @(foreach ($each in (Get-PropertyValue -InputObject $api.OptionalClaims -Name 'AccessToken')) { $each })
$claims = $oldClaims + @(if (@($oldClaims | Where-Object { $_.Name -eq 'idtyp' }).Count -eq 0) { @{ Name = 'idtyp' } })
$wrong = @(
    if ($audience -and $api.SignInAudience -ne $audience) { 'audience' }
    if ($claims.Count -ne $oldClaims.Count) { 'optional claims' }
    if ($api.IdentifierUris -notcontains $identifier) { 'identifier' }
    if ((Get-PropertyValue -InputObject $api.Api -Name 'RequestedAccessTokenVersion') -ne 2) { 'token version' }
    if ((Get-PropertyValue -InputObject $api.Api -Name 'KnownClientApplications') -notcontains $agents.AppId) { 'known client' }
    if (-not (Select-ByValue -InputObject $oldScopes -Value 'access_as_user')) { 'scope' }
    if ($roles.Count -ne @(foreach ($each in $api.AppRoles) { $each }).Count) { 'app roles' }
    if ((Get-PropertyValue -InputObject $api.Web -Name 'RedirectUris') -notcontains $consentEnds) { 'redirect' }
    if ((Format-Permission -Permission $api.RequiredResourceAccess) -ne (Format-Permission -Permission $permissions)) { 'permissions' }
)
if ($wrong.Count -eq 0) {
    Write-Step -Target $api.DisplayName -Step 'settings' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess($api.DisplayName, "Set $($wrong -join ', ')")) {
    $settings = @{
        ApplicationId          = $api.Id
        SignInAudience         = $(if ($audience) { $audience } else { $api.SignInAudience })
        OptionalClaims         = @{
            AccessToken = $claims
            IdToken     = @(foreach ($each in (Get-PropertyValue -InputObject $api.OptionalClaims -Name 'IdToken')) { $each })
            Saml2Token  = @(foreach ($each in (Get-PropertyValue -InputObject $api.OptionalClaims -Name 'Saml2Token')) { $each })
        }
        IdentifierUris         = @($identifier)
        AppRoles               = $roles
        RequiredResourceAccess = $permissions
        Web                    = @{ RedirectUris = @($consentEnds) } # for the consent only; no token is issued to it
        Api                    = @{
            RequestedAccessTokenVersion = 2 # the API refuses tokens of version 1
            Oauth2PermissionScopes      = $scopes
            KnownClientApplications     = @($agents.AppId)
            PreAuthorizedApplications   = @(foreach ($each in $oldTrust) { $each })
        }
    }
    $null = Update-MgApplication @settings
    Write-Step -Target $api.DisplayName -Step 'settings' -State 'done' -Detail ($wrong -join ', ')
}
else {
    Write-Step -Target $api.DisplayName -Step 'settings' -State 'not done' -Detail ($wrong -join ', ')
}

# A separate request: an app can be authorized for a scope only after the scope exists.
$cli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46' # the Azure CLI, in every tenant
$others = @(foreach ($each in $oldTrust) { if ($each.AppId -ne $cli) { $each } })
$trusted = @(foreach ($each in $oldTrust) { $each }).Count -gt $others.Count
if ($trusted -eq [bool]$AllowAzureCli -or -not $PSBoundParameters.ContainsKey('AllowAzureCli')) {
    Write-Step -Target $api.DisplayName -Step 'Azure CLI' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess($api.DisplayName, $(if ($trusted) { 'Revoke the Azure CLI''s access' } else { 'Authorize the Azure CLI' }))) {
    $wholeApi = @{
        RequestedAccessTokenVersion = 2
        Oauth2PermissionScopes      = $scopes
        KnownClientApplications     = @($agents.AppId)
        PreAuthorizedApplications   = $others + @(if ($AllowAzureCli) { @{ AppId = $cli; DelegatedPermissionIds = @($scope.Id) } })
    }
    $null = Update-MgApplication -ApplicationId $api.Id -Api $wholeApi
    Write-Step -Target $api.DisplayName -Step 'Azure CLI' -State 'done'
}
else {
    Write-Step -Target $api.DisplayName -Step 'Azure CLI' -State 'not done'
}

# -- The API's credential: the app's managed identity -------------------------------------------------------------

$issuer = "https://login.microsoftonline.com/$($session.TenantId)/v2.0"
$credentials = @(Get-MgApplicationFederatedIdentityCredential -ApplicationId $api.Id -All)
$same = @($credentials | Where-Object { $_.Issuer -eq $issuer -and $_.Subject -eq "$AppPrincipalId" })
$named = @($credentials | Where-Object { $_.Name -eq 'teams-phone-functions' })
$trust = @{
    ApplicationId = $api.Id
    Issuer        = $issuer
    Subject       = "$AppPrincipalId"
    Audiences     = @('api://AzureADTokenExchange')
    Description   = 'The managed identity of the Function App.'
}
if ($same.Count -gt 0) {
    Write-Step -Target $api.DisplayName -Step 'federated credential' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess($api.DisplayName, "Trust the managed identity $AppPrincipalId")) {
    if ($named.Count -gt 0) {
        $null = Update-MgApplicationFederatedIdentityCredential @trust -FederatedIdentityCredentialId $named[0].Id
    }
    else {
        $null = New-MgApplicationFederatedIdentityCredential @trust -Name 'teams-phone-functions'
    }
    Write-Step -Target $api.DisplayName -Step 'federated credential' -State 'done'
}
else {
    Write-Step -Target $api.DisplayName -Step 'federated credential' -State 'not done'
}

# -- The agents' app: signs users in, and exchanges their tokens at ACS -------------------------------------------

$teamsUser = Select-ByValue -InputObject (Get-PropertyValue -InputObject $communication -Name 'Oauth2PermissionScopes') -Value 'Teams.ManageCalls'
$asksForIt = $teamsUser -and (Format-Permission -Permission $agents.RequiredResourceAccess) -match $teamsUser.Id
$custom = if ($PSBoundParameters.ContainsKey('CustomTeamsClient')) { [bool]$CustomTeamsClient } else { $asksForIt }
$teams = @('TeamsExtension.ManageCalls') + @(if ($custom) { 'Teams.ManageCalls', 'Teams.ManageChats' })
$permissions = @(
    Get-Permission -Resource $communication -Scope $teams
    @{ ResourceAppId = $api.AppId; ResourceAccess = @(@{ Id = $scope.Id; Type = 'Scope' }) }
)
$oldRedirects = @(foreach ($each in (Get-PropertyValue -InputObject $agents.Spa -Name 'RedirectUris')) { $each })
$console = @(if ($ConsoleHostName) { "https://$ConsoleHostName/signin.html" })
$others = if ($RedirectUri.Count -gt 0) { $RedirectUri } elseif ($oldRedirects.Count -gt 0) { $oldRedirects } else { @('http://localhost') }
$redirects = @(@($others) + $console | Sort-Object -Unique)
$wrong = @(
    if ($audience -and $agents.SignInAudience -ne $audience) { 'audience' }
    if (($oldRedirects | Sort-Object) -join ' ' -ne (($redirects | Sort-Object) -join ' ')) { 'redirects' }
    if ((Format-Permission -Permission $agents.RequiredResourceAccess) -ne (Format-Permission -Permission $permissions)) { 'permissions' }
)
if ($wrong.Count -eq 0) {
    Write-Step -Target $agents.DisplayName -Step 'settings' -State 'already so'
}
elseif ($PSCmdlet.ShouldProcess($agents.DisplayName, "Set $($wrong -join ', ')")) {
    $settings = @{
        ApplicationId          = $agents.Id
        SignInAudience         = $(if ($audience) { $audience } else { $agents.SignInAudience })
        Spa                    = @{ RedirectUris = @($redirects) }
        RequiredResourceAccess = $permissions
    }
    $null = Update-MgApplication @settings
    Write-Step -Target $agents.DisplayName -Step 'settings' -State 'done' -Detail ($wrong -join ', ')
}
else {
    Write-Step -Target $agents.DisplayName -Step 'settings' -State 'not done' -Detail ($wrong -join ', ')
}

# -- Service principals in this tenant; consent creates those of other tenants -------------------------------------

foreach ($each in $bot, $api, $agents) {
    if (Get-MgServicePrincipal -Filter "appId eq '$($each.AppId)'") {
        Write-Step -Target $each.DisplayName -Step 'service principal' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($each.DisplayName, 'Create the service principal')) {
        $null = New-MgServicePrincipal -AppId $each.AppId
        Write-Step -Target $each.DisplayName -Step 'service principal' -State 'done'
    }
    else {
        Write-Step -Target $each.DisplayName -Step 'service principal' -State 'not done'
    }
}

$tenants = @($session.TenantId) + @(foreach ($each in $CustomerTenantId) { "$each" })
[pscustomobject]@{
    BOT_APP_ID        = $bot.AppId
    API_CLIENT_ID     = $api.AppId
    CONSOLE_CLIENT_ID = $agents.AppId
    Scope             = "$identifier/access_as_user"
}
foreach ($tenant in $tenants) {
    $consent = "https://login.microsoftonline.com/$tenant/adminconsent?client_id="
    [pscustomobject]@{ Tenant = $tenant; First = "$consent$($api.AppId)"; Then = "$consent$($agents.AppId)" }
}
