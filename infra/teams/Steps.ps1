# Functions of the scripts in this folder, which dot-source it.

function Write-Step {
    <#
    .SYNOPSIS
    Outputs the outcome of one step.
    .DESCRIPTION
    State is one of: done, already so, not done (-WhatIf, or declined).
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Target,
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Step,
        [Parameter(Mandatory)] [ValidateSet('done', 'already so', 'not done')] [string] $State,
        [Parameter()] [AllowEmptyString()] [string] $Detail = ''
    )
    [pscustomobject]@{ Target = $Target; Step = $Step; State = $State; Detail = $Detail }
}

function Get-PropertyValue {
    <#
    .SYNOPSIS
    Reads a property that an object may lack. Returns nothing if it does.
    .DESCRIPTION
    Versions of modules differ in their properties, and strict mode refuses a missing one.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [AllowNull()] [object] $InputObject,
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Name
    )
    if ($null -eq $InputObject) { return }
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -ne $property) { $property.Value }
}

function Select-ByValue {
    <#
    .SYNOPSIS
    Selects app roles or scopes by their value. The list may be empty.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [AllowNull()] [object] $InputObject,
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Value
    )
    foreach ($each in $InputObject) {
        if ($null -ne $each -and $each.Value -eq $Value) { $each }
    }
}

function Wait-Result {
    <#
    .SYNOPSIS
    Repeats a query until it returns something: changes in Entra and in Teams reach the other with a delay.
    .DESCRIPTION
    An error counts as "not yet": Get-Cs cmdlets fail for an account that Teams does not know. The last one is reported.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [ValidateNotNull()] [scriptblock] $Attempt,
        [Parameter(Mandatory)] [ValidateRange(0, 3600)] [int] $Seconds,
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Otherwise
    )
    $deadline = (Get-Date).AddSeconds($Seconds)
    while ($true) {
        $failure = ''
        try {
            $result = & $Attempt
            if ($result) { return $result }
        }
        catch { $failure = " $_" }
        if ((Get-Date) -ge $deadline) { throw "$Otherwise (after $Seconds s).$failure Run this again in some minutes." }
        Start-Sleep -Seconds 10
    }
}

function Assert-GraphSession {
    <#
    .SYNOPSIS
    Returns the session with Microsoft Graph. Throws with the command to sign in if there is none with all the scopes.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string[]] $Scope
    )
    $session = Get-MgContext
    $lacking = @(foreach ($each in $Scope) { if ($null -eq $session -or $session.Scopes -notcontains $each) { $each } })
    if ($lacking.Count -gt 0) {
        throw "Sign in to Microsoft Graph first: Connect-MgGraph -Scopes '$($Scope -join "','")'"
    }
    $session
}

function Get-UserByName {
    <#
    .SYNOPSIS
    Finds an account by its user principal name. Unlike Get-MgUser -UserId, a missing account is not an error.
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory)] [ValidatePattern('^[^@\s'']+@[^@\s'']+\.[^@\s'']+$')] [string] $UserPrincipalName
    )
    Get-MgUser -Filter "userPrincipalName eq '$UserPrincipalName'" -Property 'id', 'userPrincipalName', 'usageLocation'
}
