// The web console: a static site. Its settings and the address of the API in its content security policy are written when
// azd deploys it: console/settings.mjs.

@description('Name of the site.')
param name string

@description('Azure region, of those that offer Static Web Apps. The files are served from everywhere.')
param location string

@description('Tags.')
param tags object

resource site 'Microsoft.Web/staticSites@2024-04-01' = {
  name: name
  location: location
  // azd finds the service of azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'console' })
  sku: { name: 'Free', tier: 'Free' }
  properties: {
    allowConfigFileUpdates: true
    publicNetworkAccess: 'Enabled'
    stagingEnvironmentPolicy: 'Disabled' // their addresses are not registered in Entra
  }
}

output hostName string = site.properties.defaultHostname
