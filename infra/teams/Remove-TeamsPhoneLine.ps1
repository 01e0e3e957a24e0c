#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Users, Microsoft.Graph.Users.Actions

<#
.SYNOPSIS
Takes a phone line down again: number, licence, sync, and, if wanted, the resource account itself.

.DESCRIPTION
The reverse of New-TeamsPhoneLine.ps1, for the same administrator, with the same sign-in. Withdraw the access assignment
of the account first (docs/provisioning.md, "Taking a line down"). Asks before each step; -Confirm:$false does not.

The number stays with the tenant. No cmdlet is documented that takes the id of the ACS resource off an account; without
the mapping that Sync-CsOnlineApplicationInstance makes, calls don't reach it.

.PARAMETER UserPrincipalName
The resource account's name.

.PARAMETER DeleteAccount
Deletes the account as well. Entra can restore it within 30 days.

.EXAMPLE
./Remove-TeamsPhoneLine.ps1 -UserPrincipalName support@contoso.com -WhatIf

Shows what would be done.

.EXAMPLE
Import-Csv -Path lines.csv | ./Remove-TeamsPhoneLine.ps1 -DeleteAccount

Takes down the lines of a file with the column UserPrincipalName, and deletes their accounts.

.OUTPUTS
One object for each step: Target, Step, State, Detail.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidatePattern('^[^@\s'']+@[^@\s'']+\.[^@\s'']+$')]
    [string] $UserPrincipalName,

    [Parameter()]
    [switch] $DeleteAccount
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')
    $null = Assert-GraphSession -Scope 'User.ReadWrite.All', 'Organization.Read.All'
    $licence = 'PHONESYSTEM_VIRTUALUSER' # Microsoft Teams Phone Resource Account
}

process {
    $user = Get-UserByName -UserPrincipalName $UserPrincipalName
    if (-not $user) {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'already so' -Detail 'there is none'
        return
    }
    if (-not (Get-CsOnlineApplicationInstance -Identity $user.Id)) {
        throw "$UserPrincipalName is no resource account: nothing of it was touched."
    }

    # 5. The number.
    $numbers = @(Get-CsPhoneNumberAssignment -AssignedPstnTargetId $user.Id)
    if ($numbers.Count -eq 0) {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Take away the number')) {
        $null = Remove-CsPhoneNumberAssignment -Identity $user.Id -RemoveAll
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'not done'
    }

    # 4. The licence.
    $assigned = @(Get-MgUserLicenseDetail -UserId $user.Id -All | Where-Object { $_.SkuPartNumber -eq $licence })
    if ($assigned.Count -eq 0) {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Take away the licence $licence")) {
        $null = Set-MgUserLicense -UserId $user.Id -AddLicenses @() -RemoveLicenses @($assigned[0].SkuId)
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'not done'
    }

    # 3. The sync: the mapping is dropped by an application id of nothing but zeros.
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Drop the mapping of the Agent Provisioning Service')) {
        $null = Sync-CsOnlineApplicationInstance -ObjectId $user.Id -ApplicationId ([guid]::Empty)
        Write-Step -Target $UserPrincipalName -Step 'sync' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'sync' -State 'not done'
    }

    # 2. and 1. The account, and the link with it.
    if (-not $DeleteAccount) { return }
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Delete the resource account')) {
        $null = Remove-MgUser -UserId $user.Id
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'not done'
    }
}
