// What must not be lost: the ledger, the audit trail, and the configuration.

param accountName string
param location string
param tags object
param redundancy string
param privateNetwork bool
param auditRetentionDays int
param auditRetentionLocked bool
param deleteLock bool
param identityPrincipalId string
param deployerPrincipalId string
param deployerPrincipalType string
param workspaceId string

@description('Days that what was deleted or written over can be had back. Erasing takes that much longer.')
param softDeleteDays int = 14

// As we read Azure's words, counted from when the version was written, not from when it was written over or deleted: of
// what was written long before, only soft delete remains to go back to.
@description('Days that an earlier version is kept.')
param versionDays int = 30

@description('Days that a deleted container can be had back.')
param containerSoftDeleteDays int = 30

var hasDeployer = !empty(deployerPrincipalId)

// Built-in roles, the same in every tenant and cloud.
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // Nobody copies patients' bookings into an account of another tenant.
    allowedCopyScope: 'AAD'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // A hierarchical namespace has no versions, and writes on a condition that differ.
    isHnsEnabled: false
    isLocalUserEnabled: false
    isSftpEnabled: false
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: { enabled: true, keyType: 'Account' }
      }
    }
    // Without a network of its own the app has no address that could be let in alone: roles say who may enter.
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: containerSoftDeleteDays }
  }
}

resource ledger 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'ledger'
  properties: { publicAccess: 'None' }
}

resource config 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'config'
  properties: { publicAccess: 'None' }
}

resource audit 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'audit'
  properties: { publicAccess: 'None' }

  // Records can be added, and neither changed nor deleted until so many days after their file was begun. The policy is
  // not locked: whoever manages the account can still shorten it or take it away. To lock it for good, which nobody can
  // undo, and with which neither the container nor the account can be deleted while records are in it:
  //
  //   etag=$(az storage container immutability-policy show --account-name ACCOUNT --container-name audit \
  //       --query etag --output tsv)
  //   az storage container immutability-policy lock --account-name ACCOUNT --container-name audit --if-match "$etag"
  //
  // and deploy with `auditRetentionLocked=true` from then on.
  resource retention 'immutabilityPolicies' = if (!auditRetentionLocked) {
    name: 'default'
    properties: {
      immutabilityPeriodSinceCreationInDays: auditRetentionDays
      allowProtectedAppendWrites: true
    }
  }
}

// Earlier versions only. What is current is deleted by the handler alone: a booking is purged after its retention.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'earlier-versions'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['ledger/', 'config/']
            }
            actions: {
              version: {
                delete: { daysAfterCreationGreaterThan: versionDays }
              }
            }
          }
        }
      ]
    }
  }
  // The service looks for versions when it takes the rule.
  dependsOn: [blobs]
}

// Keeps the account, and what is set up in it, from being deleted by accident. A lock does not reach data: blobs and
// containers that somebody with the right to write deletes are had back by soft delete.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  scope: account
  name: 'keep-data'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the bookings and the audit trail. To destroy them: infra/teardown --destroy-data.'
  }
}

// Who read, wrote and deleted what. Names of blobs hold no patient data.
resource accessLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'access'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource identityWritesLedger 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: ledger
  name: guid(ledger.id, identityPrincipalId, blobDataContributor)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource identityWritesAudit 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: audit
  name: guid(audit.id, identityPrincipalId, blobDataContributor)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource identityReadsConfig 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: config
  name: guid(config.id, identityPrincipalId, blobDataReader)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataReader)
  }
}

resource deployerWritesConfig 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasDeployer) {
  scope: config
  name: guid(config.id, deployerPrincipalId, blobDataContributor)
  properties: {
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

output accountId string = account.id
output accountName string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
