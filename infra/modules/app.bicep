// The function app and its plan.

param name string
param location string
param tags object
param identityId string
param identityClientId string
param componentName string
param hostBlobEndpoint string
param hostQueueEndpoint string
param hostTableEndpoint string
param dataBlobEndpoint string
param keyVaultUri string
param subnetId string
param maximumInstanceCount int
param alwaysReadyInstances int
param instanceMemoryMB int
param requestsPerInstance int
param zoneRedundant bool
param retentionDays int
param allowedCallers array
param callerTenantId string
param callerAudience string
param callerClientIds array
param graphCredential string
param extraAppSettings object

var configUrl = '${dataBlobEndpoint}config/scheduling.toml'

// For the Functions host. The plan sets the runtime itself and refuses FUNCTIONS_WORKER_RUNTIME and its like.
var hostSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
  AzureWebJobsStorage__queueServiceUri: hostQueueEndpoint
  AzureWebJobsStorage__tableServiceUri: hostTableEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// For the handler. Secrets are not among them: it fetches those from the vault.
var handlerSettings = {
  AZURE_CLIENT_ID: identityClientId
  KEY_VAULT_URL: keyVaultUri
  STORE: '${dataBlobEndpoint}ledger'
  AUDIT: '${dataBlobEndpoint}audit'
  SCHEDULING_CONFIG: configUrl
  RETENTION_DAYS: string(retentionDays)
}

// In the commercial cloud the handler goes by `cloud` of `[graph]`, whose login may be that of another cloud.
var loginSettings = environment().name == 'AzureCloud' ? {} : {
  AZURE_AUTHORITY_HOST: environment().authentication.loginEndpoint
}

// One by one: where one is forgotten, the handler says so and lets nobody in.
var callerSettings = union(
  empty(callerTenantId) ? {} : { CALLER_TENANT_ID: callerTenantId },
  empty(callerAudience) ? {} : { CALLER_AUDIENCE: callerAudience },
  empty(callerClientIds) ? {} : { CALLER_CLIENT_IDS: join(callerClientIds, ',') }
)

var graphSettings = empty(graphCredential) ? {} : { GRAPH_CREDENTIAL: graphCredential }

// What comes later wins.
var settings = union(extraAppSettings, hostSettings, handlerSettings, loginSettings, callerSettings, graphSettings)

// A service tag has no slash.
var allowed = [for (caller, i) in allowedCallers: {
  name: 'caller-${i}'
  description: 'of allowedCallers'
  action: 'Allow'
  priority: 100 + i
  ipAddress: caller
  tag: contains(caller, '/') ? 'Default' : 'ServiceTag'
}]

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource plan 'Microsoft.Web/serverfarms@2025-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource site 'Microsoft.Web/sites@2025-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobEndpoint}deployments'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: alwaysReadyInstances > 0 ? [{ name: 'http', instanceCount: alwaysReadyInstances }] : []
        triggers: {
          http: { perInstanceConcurrency: requestsPerInstance }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ipSecurityRestrictions: allowed
      ipSecurityRestrictionsDefaultAction: empty(allowedCallers) ? 'Allow' : 'Deny'
      // Deploying asks for a token of Entra, from wherever it comes.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
      appSettings: map(items(settings), setting => { name: setting.key, value: setting.value })
    }
  }
}

// No user name and password that could deploy: only tokens of Entra.
resource noPasswordsForDeploying 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}

resource noPasswordsForFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {
  parent: site
  name: 'ftp'
  properties: { allow: false }
}

// There is no diagnostic setting for the app. Microsoft's page on Flex Consumption has said that the plan has none, and
// where it has, it takes every line of the host, whatever the log levels say (Azure/azure-functions-host#11434). Log
// lines reach the workspace through Application Insights.

output name string = site.name
output hostName string = site.properties.defaultHostName
output configUrl string = configUrl
