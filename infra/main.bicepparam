// What differs from the defaults of main.bicep, where every parameter is explained. Copy this file for a second deployment.
using 'main.bicep'

param name = 'scheduler'

// Who is told of alerts.
param alertEmails = []

// `infra/deploy` finds out who is deploying, and puts it into these.
param deployerPrincipalId = readEnvironmentVariable('DEPLOYER_PRINCIPAL_ID', '')
param deployerPrincipalType = readEnvironmentVariable('DEPLOYER_PRINCIPAL_TYPE', 'User')
