#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }

<#
.SYNOPSIS
Allows users to have delegates for their calls: grants a Teams calling policy with AllowDelegation.

.DESCRIPTION
For the Teams administrator. Without the policy Teams accepts no delegates, and Microsoft Graph refuses to list them. A policy
that does not exist is created, otherwise like the Global policy; in an existing one AllowDelegation is switched on, for all
users who have it. A user whose policy already allows delegation keeps that policy.

Sign in first: Connect-MicrosoftTeams

.PARAMETER PolicyName
The policy. Global applies to all users without another policy, and is not granted to users.

.PARAMETER UserPrincipalName
Users who may have delegates. Without any, only the policy is changed.

.EXAMPLE
./Grant-CallDelegation.ps1 -UserPrincipalName 'grace@contoso.com', 'joan@contoso.com' -WhatIf

Shows what would change for two users.

.EXAMPLE
./Grant-CallDelegation.ps1 -PolicyName Global

Allows delegation for all users without another policy.

.OUTPUTS
One object for each step: Target, Step, State, Detail.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    [Parameter()]
    [ValidatePattern('^[A-Za-z0-9 _-]{1,60}$')]
    [string] $PolicyName = 'TeamsPhoneDelegation',

    [Parameter(ValueFromPipeline, ValueFromPipelineByPropertyName)]
    [ValidatePattern('^[^@\s'']+@[^@\s'']+\.[^@\s'']+$')]
    [string[]] $UserPrincipalName = @()
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')

    # Teams names a policy 'Tag:NAME', except Global. Names are compared without the tag.
    $allowing = @{}
    foreach ($each in Get-CsTeamsCallingPolicy) {
        $title = $each.Identity -replace '^Tag:', ''
        $allowing[$title] = $each.AllowDelegation
    }

    if (-not $allowing.ContainsKey($PolicyName)) {
        if ($PSCmdlet.ShouldProcess($PolicyName, 'Create a calling policy with AllowDelegation')) {
            $null = New-CsTeamsCallingPolicy -Identity $PolicyName -AllowDelegation $true -Description 'May have delegates for calls.'
            Write-Step -Target $PolicyName -Step 'policy' -State 'done'
        }
        else {
            Write-Step -Target $PolicyName -Step 'policy' -State 'not done'
        }
    }
    elseif ($allowing[$PolicyName]) {
        Write-Step -Target $PolicyName -Step 'policy' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($PolicyName, 'Switch on AllowDelegation for all users with the policy')) {
        $null = Set-CsTeamsCallingPolicy -Identity $PolicyName -AllowDelegation $true
        Write-Step -Target $PolicyName -Step 'policy' -State 'done'
    }
    else {
        Write-Step -Target $PolicyName -Step 'policy' -State 'not done'
    }
}

process {
    foreach ($person in $UserPrincipalName) {
        # An empty value means the Global policy.
        $has = [string](Get-PropertyValue -InputObject (Get-CsOnlineUser -Identity $person) -Name 'TeamsCallingPolicy')
        if (-not $has) { $has = 'Global' }
        if ($has -eq $PolicyName -or $allowing[$has]) {
            Write-Step -Target $person -Step 'policy' -State 'already so' -Detail $has
        }
        elseif ($PolicyName -eq 'Global') {
            throw "$person has the policy $has, which does not allow delegation; Global applies only to users without a policy. Name the policy: -PolicyName '$has'"
        }
        elseif ($PSCmdlet.ShouldProcess($person, "Grant the calling policy $PolicyName in place of $has")) {
            $null = Grant-CsTeamsCallingPolicy -Identity $person -PolicyName $PolicyName
            Write-Step -Target $person -Step 'policy' -State 'done' -Detail $PolicyName
        }
        else {
            Write-Step -Target $person -Step 'policy' -State 'not done'
        }
    }
}
