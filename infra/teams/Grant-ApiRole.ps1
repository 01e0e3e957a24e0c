#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications

<#
.SYNOPSIS
Gives a person, a group or an application a role in the HTTP API: Agent, Supervisor or Administrator.

.DESCRIPTION
For the Entra administrator of the person's tenant, after the consent (New-AppRegistration.ps1), which adds the app to the
tenant. A caller without a role gets a token, and 403 from the API.

Sign in first: Connect-MgGraph -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'

.PARAMETER ApiClientId
Application (client) id of the API's registration.

.PARAMETER PrincipalId
Object id of the person or group, or of an application's service principal (its enterprise application). Direct members
of a group have the role; members of nested groups do not.

.PARAMETER Role
The role.

.EXAMPLE
./Grant-ApiRole.ps1 -ApiClientId $api -PrincipalId $group -Role Agent -WhatIf

Shows what would change.

.OUTPUTS
One object: Target, Step, State, Detail.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory)]
    [guid] $ApiClientId,

    [Parameter(Mandatory, ValueFromPipeline, ValueFromPipelineByPropertyName)]
    [guid] $PrincipalId,

    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidateSet('Agent', 'Supervisor', 'Administrator')]
    [string] $Role
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')
    $null = Assert-GraphSession -Scope 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'
    $api = Get-MgServicePrincipal -Filter "appId eq '$ApiClientId'"
    if (-not $api) { throw "This tenant does not know the app $ApiClientId. Its administrator consents first." }
    $assigned = @(Get-MgServicePrincipalAppRoleAssignedTo -ServicePrincipalId $api.Id -All)
}

process {
    $wanted = Select-ByValue -InputObject $api.AppRoles -Value $Role
    if (-not $wanted) { throw "The app $ApiClientId has no role $Role. Run New-AppRegistration.ps1 in its own tenant." }
    $held = @($assigned | Where-Object { $_.PrincipalId -eq "$PrincipalId" -and $_.AppRoleId -eq $wanted.Id })
    if ($held.Count -gt 0) {
        Write-Step -Target "$PrincipalId" -Step $Role -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess("$PrincipalId", "Give the role $Role")) {
        $null = New-MgServicePrincipalAppRoleAssignedTo -ServicePrincipalId $api.Id -PrincipalId "$PrincipalId" -ResourceId $api.Id -AppRoleId $wanted.Id
        Write-Step -Target "$PrincipalId" -Step $Role -State 'done'
    }
    else {
        Write-Step -Target "$PrincipalId" -Step $Role -State 'not done'
    }
}
