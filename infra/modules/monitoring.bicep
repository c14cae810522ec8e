// Logs, what they are watched for, and who is told.

param name string
param location string
param tags object
param identityPrincipalId string
param alertEmails array
param monthlyBudget int
param budgetStart string

@description('Days that logs are kept.')
param logDays int = 90

// A built-in role, the same in every tenant and cloud.
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// Every query gives a row when somebody has to look.
var alerts = [
  {
    name: 'failed-bookings'
    title: 'Bookings fail'
    description: 'Patients could not book, move or cancel: see the outage table in docs/operations.md.'
    severity: 1
    query: loadTextContent('../queries/alert-failed-bookings.kql')
  }
  {
    name: 'stale-pending'
    title: 'A booking stays pending'
    description: 'For more than 15 minutes the timer could not find out whether a booking was made.'
    severity: 2
    query: loadTextContent('../queries/alert-stale-pending.kql')
  }
  {
    name: 'no-reconcile'
    title: 'The timer does not finish'
    description: 'The app does not run, is set up wrongly, or cannot reach its ledger. So before its first deployment.'
    severity: 1
    query: loadTextContent('../queries/alert-no-reconcile.kql')
  }
  {
    name: 'set-up'
    title: 'Configuration or secret out of reach'
    description: 'A changed configuration is refused, or it or a secret is out of reach. What was read before goes on.'
    severity: 2
    query: loadTextContent('../queries/alert-set-up.kql')
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: logDays
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

resource identityWritesLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, identityPrincipalId, metricsPublisher)
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take(name, 12)
    emailReceivers: [for (email, i) in alertEmails: {
      name: 'operator-${i}'
      emailAddress: email
      useCommonAlertSchema: true
    }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: '${name}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${alert.title} (${name})'
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      // The tables of a new workspace may be unknown for some minutes. That the queries are right is tested elsewhere.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [operators.id] }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Appointment scheduling (${name})'
    category: 'workbook'
    sourceId: toLower(workspace.id)
    serializedData: loadTextContent('../workbook.json')
    version: '1.0'
  }
}

// Not offered for every kind of subscription; where it is not, leave monthlyBudget at 0.
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (monthlyBudget > 0) {
  name: name
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      spent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: alertEmails
        contactGroups: [operators.id]
      }
      foreseen: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: alertEmails
        contactGroups: [operators.id]
      }
    }
  }
}

output workspaceId string = workspace.id
output workspaceName string = workspace.name
output componentName string = component.name
