#Requires -Version 7.2
#Requires -Modules @{ ModuleName = 'MicrosoftTeams'; ModuleVersion = '6.1.1' }
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Users, Microsoft.Graph.Users.Actions
#Requires -Modules Microsoft.Graph.Identity.DirectoryManagement

<#
.SYNOPSIS
Creates a phone line whose calls go to an Azure Communication Services (ACS) resource: resource account, link, sync,
licence, voice routing policy, number.

.DESCRIPTION
For the Teams administrator of the tenant that owns the line. Each step reads the current state first and reports "already
so" if there is nothing to change, so the script can be run again, also after an interruption. Many lines come from a CSV
file whose columns have the names of the parameters. The first error stops the script; completed steps stay.

Sign in first, as Teams administrator and with the right to manage users and licences:

  Connect-MicrosoftTeams
  Connect-MgGraph -Scopes 'User.ReadWrite.All', 'Organization.Read.All'

Afterwards the owner of the ACS resource adds the access assignment of the account (docs/provisioning.md, step 6).

.PARAMETER UserPrincipalName
The resource account's name: line@contoso.com, in a domain of the tenant.

.PARAMETER DisplayName
What callers and colleagues see.

.PARAMETER ApplicationId
Application (client) id of the bot's app registration. The ids of Microsoft's auto attendants and call queues don't work.

.PARAMETER AcsResourceId
Immutable id of the ACS resource: azd env get-value ACS_IMMUTABLE_ID.

.PARAMETER UsageLocation
Country of the account, such as US. A licence requires it.

.PARAMETER PhoneNumber
Number in E.164 form, such as +18005550100. Without it the line has no number.

.PARAMETER PhoneNumberType
How the tenant obtained the number. Required with a number.

.PARAMETER VoiceRoutingPolicy
Name of an online voice routing policy of the tenant, for outbound calls by Direct Routing. Without it the account keeps its
policy; the global one applies to an account that has none. Calls of other number types are not routed by it.

.PARAMETER Relink
Takes over an account that is linked to another ACS resource or app. From then on its calls go to this one.

.PARAMETER WithoutLicence
Does not assign the licence: a group does.

.PARAMETER WaitSeconds
How long to wait until a change in Entra has reached Teams, and the reverse.

.EXAMPLE
./New-TeamsPhoneLine.ps1 -UserPrincipalName support@contoso.com -DisplayName 'Support line' -ApplicationId $bot -AcsResourceId $acs -UsageLocation US -PhoneNumber +18005550100 -PhoneNumberType OperatorConnect -WhatIf

Shows what would change.

.EXAMPLE
Import-Csv -Path lines.csv | ./New-TeamsPhoneLine.ps1 -ApplicationId $bot -AcsResourceId $acs -UsageLocation US

Creates the lines of a file with the columns UserPrincipalName, DisplayName, PhoneNumber and PhoneNumberType.

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

    [Parameter(ValueFromPipelineByPropertyName)]
    [ValidateLength(0, 256)]
    [string] $VoiceRoutingPolicy,

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
        throw "${UserPrincipalName}: -PhoneNumberType is required with -PhoneNumber."
    }

    # 1. The account.
    $user = Get-UserByName -UserPrincipalName $UserPrincipalName
    $account = $null
    if ($user) {
        # After an interrupted run the account can be in Entra and not yet in Teams.
        $account = Wait-Result -Attempt { Get-CsOnlineApplicationInstance -Identity $user.Id } -Seconds $WaitSeconds -Otherwise "Teams does not list $UserPrincipalName as a resource account"
    }
    if ($account) {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'already so' -Detail $user.Id
    }
    elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Create the resource account')) {
        $null = New-CsOnlineApplicationInstance -UserPrincipalName $UserPrincipalName -DisplayName $DisplayName -ApplicationId $ApplicationId
        $user = Wait-Result -Attempt { Get-UserByName -UserPrincipalName $UserPrincipalName } -Seconds $WaitSeconds -Otherwise "Entra does not list $UserPrincipalName yet"
        # Set-CsOnlineApplicationInstance fails until Teams lists the account.
        $account = Wait-Result -Attempt { Get-CsOnlineApplicationInstance -Identity $user.Id } -Seconds $WaitSeconds -Otherwise "Teams does not list $UserPrincipalName yet"
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'done' -Detail $user.Id
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'account' -State 'not done'
    }
    if (-not $user -and -not $WhatIfPreference) { return } # every step below needs it; -WhatIf shows them

    # 2. The link. If the module does not return it, it is set again, which changes nothing.
    $linkedTo = [string](Get-PropertyValue -InputObject $account -Name 'AcsResourceId')
    $madeFor = [string](Get-PropertyValue -InputObject $account -Name 'ApplicationId')
    $elsewhere = $linkedTo -and $linkedTo -ne "$nobody" -and $linkedTo -ne "$AcsResourceId"
    $another = $madeFor -and $madeFor -ne "$ApplicationId"
    if (($elsewhere -or $another) -and -not $Relink) {
        throw "$UserPrincipalName serves another app ($madeFor) or ACS resource ($linkedTo). -Relink takes it over; from then on its calls go to $AcsResourceId."
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

    # 3. The sync, each time: no cmdlet returns its state, and no call arrives without it.
    if ($PSCmdlet.ShouldProcess($UserPrincipalName, 'Sync with the Agent Provisioning Service')) {
        if ($elsewhere -or $another) {
            # An old mapping is not overwritten; it is removed first.
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

    # 4. The licence, and the country that it requires.
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
            throw "The tenant has no licence $licence. 'Microsoft Teams Phone Resource Account' is available in the Microsoft 365 admin center, some of them free of charge."
        }
        if ($sku.ConsumedUnits -ge $sku.PrepaidUnits.Enabled) {
            throw "All $($sku.PrepaidUnits.Enabled) licences $licence of the tenant are assigned."
        }
        $null = Set-MgUserLicense -UserId $user.Id -AddLicenses @{ SkuId = $sku.SkuId } -RemoveLicenses @()
        $fresh = $true
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'done' -Detail $licence
    }
    else {
        Write-Step -Target $UserPrincipalName -Step 'licence' -State 'not done'
    }

    # 5. The voice routing policy. Without one, a number of Direct Routing takes calls and makes none.
    if ($VoiceRoutingPolicy) {
        $has = [string](Get-PropertyValue -InputObject $(if ($user) { Get-CsOnlineUser -Identity $user.Id }) -Name 'OnlineVoiceRoutingPolicy')
        if ($has -eq $VoiceRoutingPolicy) {
            Write-Step -Target $UserPrincipalName -Step 'voice routing policy' -State 'already so' -Detail $has
        }
        elseif ($PSCmdlet.ShouldProcess($UserPrincipalName, "Grant the voice routing policy $VoiceRoutingPolicy")) {
            $null = Grant-CsOnlineVoiceRoutingPolicy -Identity $UserPrincipalName -PolicyName $VoiceRoutingPolicy
            Write-Step -Target $UserPrincipalName -Step 'voice routing policy' -State 'done' -Detail $VoiceRoutingPolicy
        }
        else {
            Write-Step -Target $UserPrincipalName -Step 'voice routing policy' -State 'not done'
        }
    }

    # 6. The number.
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
        throw "The number of $UserPrincipalName is assigned to $owner. Remove that assignment first: Remove-CsPhoneNumberAssignment"
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
                # A new licence takes some minutes to reach every service.
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
