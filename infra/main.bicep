// Everything that healthbot-scheduler needs in Azure, in one resource group:
//
//   a function app (Flex Consumption) with an identity of its own, and the storage account that the host needs
//   a storage account for what must not be lost: `ledger`, `audit`, and the configuration in `config`
//   a Key Vault for the two secrets, which `infra/deploy` and people put in; none passes through here
//   logs, alerts, a workbook, and if wanted a budget
//   with `privateNetwork` a network in which storage and vault have private addresses
//
// The identity's rights stand beside what they are rights to, in modules/. No account key is used or printed: the
// storage accounts refuse keys, and so does Application Insights.
//
// Azure Government: addresses come from `environment()`, so the same files serve there. Not offered there: Shifts, and
// some properties of Microsoft Bookings. Not known to us, since nothing that we could read says so: whether a region of
// it has the plan Flex Consumption (`az functionapp list-flexconsumption-locations` tells, and `infra/deploy` asks
// first), zones (else `ledgerRedundancy` has to be LRS), budgets, and logs by Entra for Application Insights.
targetScope = 'resourceGroup'

@description('''
What the resources are named after: lower-case letters, digits and hyphens, a letter first. Names that are unique in
all of Azure get an ending that depends on the resource group.
''')
@minLength(3)
@maxLength(24)
param name string

@description('The region. It has to offer the plan Flex Consumption.')
param location string = resourceGroup().location

@description('''
Object id of who deploys: may then write the configuration and the releases, and set the secrets. Empty: nobody gets
these rights here.
''')
param deployerPrincipalId string = ''

@description('What the deployer is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param deployerPrincipalType string = 'User'

@description('''
Storage and vault get private addresses in a network of their own and refuse all others, and the app goes out through
one fixed address. The app stays public, since the bot calls from outside: see allowedCallers. Configuration and
secrets can then be set only from inside the network.
''')
param privateNetwork bool = false

@description('''
With privateNetwork: the addresses of the network, at least a /25. Choose some that do not overlap with networks it
may be peered with.
''')
param networkAddressPrefix string = '10.87.0.0/25'

@description('''
How many copies of ledger, audit and configuration there are: in three zones of the region (ZRS), also in the paired
region (GZRS), or in one place (LRS), which is for regions without zones.
''')
@allowed(['Standard_ZRS', 'Standard_GZRS', 'Standard_LRS'])
param ledgerRedundancy string = 'Standard_ZRS'

@description('The most instances there may ever be. 40 is the smallest that the plan accepts.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are always running, and always paid for: no cold start.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('Memory of an instance. The handler needs less than 50 MB, and the Functions host the most of the rest.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('Requests that an instance works on at a time, before there is another one.')
@minValue(1)
@maxValue(1000)
param requestsPerInstance int = 16

@description('Instances are spread over zones: two are always ready and paid for, for requests and the timer each.')
param zoneRedundant bool = false

@description('Days for which audit records cannot be changed or deleted: six years.')
@minValue(1)
@maxValue(146000)
param auditRetentionDays int = 2192

@description('''
Say true once the retention of the audit trail has been locked, which Azure lets nobody undo: a locked policy refuses
to be deployed again.
''')
param auditRetentionLocked bool = false

@description('''
Days after its last appointment until a booking is purged. Goes before `retention_days` of the configuration.
''')
@minValue(1)
@maxValue(3650)
param retentionDays int = 30

@description('''
Azure refuses to delete the data account and the vault until their lock is taken away. Needs the right to set locks,
which Owner and User Access Administrator have.
''')
param deleteLocks bool = true

@description('Say true to take up the vault that was deleted here less than 90 days ago and still holds the name.')
param recoverVault bool = false

@description('Who is told of alerts.')
param alertEmails array = []

@description('''
In the currency of the subscription; at 80 % of it, and when it will be exceeded, alertEmails are told. 0: no budget.
It warns, it stops nothing.
''')
@minValue(0)
param monthlyBudget int = 0

@description('''
First of the month in which the budget was made. Azure refuses to change it: whoever deploys again passes the first
one.
''')
param budgetStart string = utcNow('yyyy-MM-01')

@description('Address ranges (`203.0.113.0/24`) or service tags that may call the app. Empty: everybody with a key.')
param allowedCallers array = []

@description('With the next two: callers have to bring a token of this Entra tenant beside their key.')
param callerTenantId string = ''

@description('What such a token has to be for: the client id or application ID URI of the registration of this app.')
param callerAudience string = ''

@description('The client ids of the apps that may call with such a token.')
param callerClientIds array = []

@description('As whom Microsoft Graph is asked: `managed-identity`, `client-secret` or `federated`. Empty: found out.')
@allowed(['', 'managed-identity', 'client-secret', 'federated'])
param graphCredential string = ''

@description('''
More settings for the handler, as `{ LOG: "debug" }`. What is set here already wins; secrets belong into the vault.
''')
param extraAppSettings object = {}

@description('Tags for all resources.')
param tags object = {}

// The Functions host takes the first 32 characters of the app's name for its own: with more, two apps could be one.
var ending = take(uniqueString(resourceGroup().id, name), 6)
var appName = '${toLower(name)}-${ending}'
var compactName = take(replace(toLower(name), '-', ''), 12)
var storageEnding = take(uniqueString(resourceGroup().id, name), 8)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: appName
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: appName
    location: location
    tags: tags
    identityPrincipalId: identity.properties.principalId
    alertEmails: alertEmails
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
}

module data 'modules/data.bicep' = {
  name: 'data'
  params: {
    accountName: '${compactName}data${storageEnding}'
    location: location
    tags: tags
    redundancy: ledgerRedundancy
    privateNetwork: privateNetwork
    auditRetentionDays: auditRetentionDays
    auditRetentionLocked: auditRetentionLocked
    deleteLock: deleteLocks
    identityPrincipalId: identity.properties.principalId
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module host 'modules/host.bicep' = {
  name: 'host'
  params: {
    accountName: '${compactName}host${storageEnding}'
    location: location
    tags: tags
    redundancy: ledgerRedundancy == 'Standard_LRS' ? 'Standard_LRS' : 'Standard_ZRS'
    privateNetwork: privateNetwork
    identityPrincipalId: identity.properties.principalId
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    vaultName: '${compactName}-kv-${ending}'
    location: location
    tags: tags
    privateNetwork: privateNetwork
    deleteLock: deleteLocks
    recover: recoverVault
    identityPrincipalId: identity.properties.principalId
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  params: {
    name: appName
    location: location
    tags: tags
    addressPrefix: networkAddressPrefix
    dataAccountId: data.outputs.accountId
    hostAccountId: host.outputs.accountId
    vaultId: vault.outputs.vaultId
  }
}

// After everything that it uses: those modules also give the identity its rights, and tokens of before would lack them.
module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: appName
    location: location
    tags: tags
    identityId: identity.id
    identityClientId: identity.properties.clientId
    componentName: monitoring.outputs.componentName
    hostBlobEndpoint: host.outputs.blobEndpoint
    hostQueueEndpoint: host.outputs.queueEndpoint
    hostTableEndpoint: host.outputs.tableEndpoint
    dataBlobEndpoint: data.outputs.blobEndpoint
    keyVaultUri: vault.outputs.uri
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    instanceMemoryMB: instanceMemoryMB
    requestsPerInstance: requestsPerInstance
    zoneRedundant: zoneRedundant
    retentionDays: retentionDays
    allowedCallers: allowedCallers
    callerTenantId: callerTenantId
    callerAudience: callerAudience
    callerClientIds: callerClientIds
    graphCredential: graphCredential
    extraAppSettings: extraAppSettings
  }
}

output functionAppName string = app.outputs.name
output functionAppHostName string = app.outputs.hostName
output identityName string = identity.name
output identityPrincipalId string = identity.properties.principalId
output identityClientId string = identity.properties.clientId
output keyVaultName string = vault.outputs.name
output keyVaultUri string = vault.outputs.uri
output dataAccountName string = data.outputs.accountName
output hostAccountName string = host.outputs.accountName
@description('Where the configuration is put: the app reads it again every minute.')
output configUrl string = app.outputs.configUrl
output workspaceName string = monitoring.outputs.workspaceName
@description('With privateNetwork: the address from which the app asks others, such as an electronic health record.')
output outboundAddress string = privateNetwork ? network!.outputs.outboundAddress : ''
