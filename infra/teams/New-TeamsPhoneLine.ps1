#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Users, Microsoft.Graph.Users.Actions
#Requires -Modules Microsoft.Graph.Identity.DirectoryManagement

<#
.SYNOPSIS
Makes a phone line that rings at an Azure Communication Services (ACS) resource: resource account, link, sync, licence, number.

.DESCRIPTION
For the Teams administrator of the tenant that the line belongs to. Every step looks first and says "already so" if nothing
is to be done, so that the script can be run again, also after it was stopped half-way. Many lines come from a CSV file whose
columns are called like the parameters. The first error ends it; what was done until then stays.

Sign in before, as Teams administrator and with the right to manage users and licences:

  Connect-MicrosoftTeams
  Connect-MgGraph -Scopes 'User.ReadWrite.All', 'Organization.Read.All'

What is left to do is the owner's of the ACS resource: the access assignment of the account (docs/provisioning.md, step 6).

.PARAMETER UserPrincipalName
The resource account's name: line@contoso.com, in a domain of the tenant.

.PARAMETER DisplayName
What callers and colleagues see.

.PARAMETER ApplicationId
Application (client) id of the bot's app registration. The ids of Microsoft's auto attendants and call queues don't work.

.PARAMETER AcsResourceId
Immutable id of the ACS resource: azd env get-value ACS_IMMUTABLE_ID.

.PARAMETER UsageLocation
Country of the account, such as US: a licence can't be assigned without.

.PARAMETER PhoneNumber
Number in E.164 form, such as +18005550100. Without it the line has no number, and only its outbound calls are of use.

.PARAMETER PhoneNumberType
How the tenant got the number. Needed with a number.

.PARAMETER Relink
Takes over an account that is linked to another ACS resource or was made for another app. Its calls come here from then on.

.PARAMETER WithoutLicence
Leaves the licence alone: a group assigns it.

.PARAMETER WaitSeconds
How long to wait until Entra and Teams know of each other's changes.

.EXAMPLE
./New-TeamsPhoneLine.ps1 -UserPrincipalName support@contoso.com -DisplayName 'Support line' -ApplicationId $bot -AcsResourceId $acs -UsageLocation US -PhoneNumber +18005550100 -PhoneNumberType OperatorConnect -WhatIf

Shows what would be done.

.EXAMPLE
Import-Csv -Path lines.csv | ./New-TeamsPhoneLine.ps1 -ApplicationId $bot -AcsResourceId $acs -UsageLocation US

Makes the lines of a file with the columns UserPrincipalName, DisplayName, PhoneNumber and PhoneNumberType.

.OUTPUTS
One object for each step: Target, Step, State, Detail. The Detail of the step "account" is its object id.
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidatePattern('^[^@\s'']+@[^@\s'']+\.[^@\s'']+$')]
    [string] $UserPrincipalName,

    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidateLength(1, 256)]
    [string] $DisplayName,

    [Parameter(Mandatory)]
    [guid] $ApplicationId,

    [Parameter(Mandatory)]
    [guid] $AcsResourceId,

    [Parameter(Mandatory, ValueFromPipelineByPropertyName)]
    [ValidatePattern('^[A-Z]{2}$')]
    [string] $UsageLocation,

    [Parameter(ValueFromPipelineByPropertyName)]
    [ValidatePattern('^(\+[1-9][0-9]{6,14})?$')]
    [string] $PhoneNumber,

    [Parameter(ValueFromPipelineByPropertyName)]
    [ValidateSet('', 'DirectRouting', 'CallingPlan', 'OperatorConnect')]
    [string] $PhoneNumberType,

    [Parameter()]
    [switch] $Relink,

    [Parameter()]
    [switch] $WithoutLicence,

    [Parameter()]
    [ValidateRange(0, 3600)]
    [int] $WaitSeconds = 300
)

begin {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    . (Join-Path -Path $PSScriptRoot -ChildPath 'Steps.ps1')
    $null = Assert-GraphSession -Scope 'User.ReadWrite.All', 'Organization.Read.All'
    $licence = 'PHONESYSTEM_VIRTUALUSER' # Microsoft Teams Phone Resource Account
    $nobody = [guid]::Empty
}

process {
    if ($PhoneNumber -and -not $PhoneNumberType) {
        throw "${UserPrincipalName}: say with -PhoneNumberType how the tenant got the number."
    }

    # 1. The account.
    $user = Get-UserByName -UserPrincipalName $UserPrincipalName
    $account = $null
    if ($user) { $account = Get-CsOnlineApplicationInstance -Identity $user.Id }
    if ($account) {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'already so' -Detail $user.Id
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Create the resource account')) {
        $account = New-CsOnlineApplicationInstance -UserPrincipalName $UserPrincipalName -DisplayName $DisplayName -ApplicationId $ApplicationId
        $user = Wait-Result -Attempt { Get-UserByName -UserPrincipalName $UserPrincipalName } -Seconds $WaitSeconds -Otherwise "Entra does not show $UserPrincipalName yet"
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'done' -Detail $user.Id
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'not done'
    }
    if (-not $user -and -not $WhatIfPreference) { return } # nothing below can be done without it; -WhatIf shows the rest

    # 2. The link. A module that does not tell it has it set again, which changes nothing.
    $linkedTo = [string](Get-PropertyValue -InputObject $account -Name 'AcsResourceId')
    $madeFor = [string](Get-PropertyValue -InputObject $account -Name 'ApplicationId')
    $elsewhere = $linkedTo -and $linkedTo -ne "$nobody" -and $linkedTo -ne "$AcsResourceId"
    $another = $madeFor -and $madeFor -ne "$ApplicationId"
    if (($elsewhere -or $another) -and -not $Relink) {
        throw "$UserPrincipalName serves another app ($madeFor) or ACS resource ($linkedTo). -Relink takes it over; its calls come here from then on."
    }
    if ($linkedTo -eq "$AcsResourceId" -and $madeFor -eq "$ApplicationId") {
        Write-Step -Target $UserPrincipalName -Step 'link' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Link to the ACS resource $AcsResourceId")) {
        $null = Set-CsOnlineApplicationInstance -Identity $UserPrincipalName -ApplicationId $ApplicationId -AcsResourceId $AcsResourceId
        Write-Step -Target $UserPrincipalName -Step 'link' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'link' -State 'not done'
    }

    # 3. The sync, each time: nothing tells whether it has been done, and calls don't come without.
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Sync with the Agent Provisioning Service')) {
        if ($elsewhere -or $another) {
            # An old mapping is not overwritten: it has to go first.
            $null = Sync-CsOnlineApplicationInstance -ObjectId $user.Id -ApplicationId $nobody
        }
        try {
            $null = Sync-CsOnlineApplicationInstance -ObjectId $user.Id -ApplicationId $ApplicationId -AcsResourceId $AcsResourceId
            Write-Step -Target $UserPrincipalName -Step 'sync' -State 'done'
        }
        catch {
            if ("$_" -notmatch 'already been added') { throw }
            Write-Step -Target $UserPrincipalName -Step 'sync' -State 'already so'
        }
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'sync' -State 'not done'
    }

    # 4. The licence, and the country that it needs.
    $fresh = $false
    $country = [string](Get-PropertyValue -InputObject $user -Name 'UsageLocation')
    if ($country -eq $UsageLocation) {
        Write-Step -Target $UserPrincipalName -Step 'usage location' -State 'already so'
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Set the usage location to $UsageLocation")) {
        $null = Update-MgUser -UserId $user.Id -UsageLocation $UsageLocation
        Write-Step -Target $UserPrincipalName -Step 'usage location' -State 'done'
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'usage location' -State 'not done'
    }
    $licences = @(if ($user) { Get-MgUserLicenseDetail -UserId $user.Id -All | ForEach-Object { $_.SkuPartNumber } })
    if ($WithoutLicence -or $licences -contains $licence) {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'already so' -Detail ($licences -join ', ')
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Assign the licence $licence")) {
        $sku = Get-MgSubscribedSku -All | Where-Object { $_.SkuPartNumber -eq $licence }
        if (-not $sku) {
            throw "The tenant has no licence $licence. 'Microsoft Teams Phone Resource Account' is to be had in the Microsoft 365 admin center, some of them for nothing."
        }
        if ($sku.ConsumedUnits -ge $sku.PrepaidUnits.Enabled) {
            throw "All $($sku.PrepaidUnits.Enabled) licences $licence of the tenant are taken."
        }
        $null = Set-MgUserLicense -UserId $user.Id -AddLicenses @{ SkuId = $sku.SkuId } -RemoveLicenses @()
        $fresh = $true
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'done' -Detail $licence
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'not done'
    }

    # 5. The number.
    if (-not $PhoneNumber) { return }
    $number = Get-CsPhoneNumberAssignment -TelephoneNumber $PhoneNumber
    $owner = [string](Get-PropertyValue -InputObject $number -Name 'AssignedPstnTargetId')
    $type = [string](Get-PropertyValue -InputObject $number -Name 'NumberType')
    if (-not $number -and $PhoneNumberType -ne 'DirectRouting') {
        throw "The tenant does not have the number of $UserPrincipalName. Numbers that it has: Get-CsPhoneNumberAssignment"
    }
    if ($number -and $type -ne $PhoneNumberType) {
        throw "The number of $UserPrincipalName is of the type $type, not $PhoneNumberType."
    }
    if ($owner -and (-not $user -or $owner -ne $user.Id)) {
        throw "The number of $UserPrincipalName is assigned to $owner. Take it away there first: Remove-CsPhoneNumberAssignment"
    }
    if ($owner) {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'already so' -Detail $PhoneNumberType
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Assign the $PhoneNumberType number $PhoneNumber")) {
        $deadline = (Get-Date).AddSeconds($WaitSeconds)
        while ($true) {
            try {
                $null = Set-CsPhoneNumberAssignment -Identity $user.Id -PhoneNumber $PhoneNumber -PhoneNumberType $PhoneNumberType
                break
            }
            catch {
                # A licence of a moment ago is not known everywhere yet.
                if (-not $fresh -or (Get-Date) -ge $deadline) { throw }
                Write-Verbose -Message "Trying again: $_"
                Start-Sleep -Seconds 15
            }
        }
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'done' -Detail $PhoneNumberType
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'number' -State 'not done'
    }
}
