#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }

<#
.SYNOPSIS
Lets people have delegates for their calls: a Teams calling policy with AllowDelegation, granted to them.

.DESCRIPTION
For the Teams administrator. Without the policy Teams takes no delegates, and Microsoft Graph refuses to list them. A policy
that does not exist is made, with everything else as in the Global policy; in one that exists, AllowDelegation is switched
on, for all who have it. Somebody whose policy allows delegation already keeps it.

Sign in before: Connect-MicrosoftTeams

.PARAMETER PolicyName
The policy. Global: the one that holds for all who were granted no other; nobody has to be granted it.

.PARAMETER UserPrincipalName
Who is to have delegates. Without anybody, the policy alone is seen to.

.EXAMPLE
./Grant-CallDelegation.ps1 -UserPrincipalName 'grace@contoso.com', 'joan@contoso.com' -WhatIf

Shows what would be done for two people.

.EXAMPLE
./Grant-CallDelegation.ps1 -PolicyName Global

Allows delegation to all who have no other policy.

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

    # Teams calls a policy 'Tag:NAME', and Global by its name. Names are compared without it.
    $allowing = @{}
    foreach ($each in Get-CsTeamsCallingPolicy) {
        $title = $each.Identity -replace '^Tag:', ''
        $allowing[$title] = $each.AllowDelegation
    }

    if (-not $allowing.ContainsKey($PolicyName)) {
        if ($PSCmdlet.ShouldProcess($PolicyName, 'Make a calling policy with AllowDelegation')) {
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
    elseif ($PSCmdlet.ShouldProcess($PolicyName, 'Switch on AllowDelegation for all who have the policy')) {
        $null = Set-CsTeamsCallingPolicy -Identity $PolicyName -AllowDelegation $true
        Write-Step -Target $PolicyName -Step 'policy' -State 'done'
    }
    else {
        Write-Step -Target $PolicyName -Step 'policy' -State 'not done'
    }
}

process {
    foreach ($person in $UserPrincipalName) {
        # Nobody's policy is empty in the answer: it is the Global one that holds then.
        $has = [string](Get-PropertyValue -InputObject (Get-CsOnlineUser -Identity $person) -Name 'TeamsCallingPolicy')
        if (-not $has) { $has = 'Global' }
        if ($has -eq $PolicyName -or $allowing[$has]) {
            Write-Step -Target $person -Step 'policy' -State 'already so' -Detail $has
        }
        elseif ($PolicyName -eq 'Global') {
            throw "$person has the policy $has, which does not allow delegation, and Global holds only for those who have none. Name the policy: -PolicyName '$has'"
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
