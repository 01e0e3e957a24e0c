// The workbook: calls, the phases of answering, recordings, errors, and metrics of Event Grid and storage.

@description('Azure region.')
param location string

@description('Tags.')
param tags object

@description('Application Insights.')
param applicationInsightsId string

@description('The custom topic.')
param topicId string

@description('The system topic of the ACS resource.')
param systemTopicId string

@description('The storage account of calls.')
param callStorageId string

var events = loadTextContent('../queries/events.kql')

var queries = [
  { title: 'Answered and missed', show: 'tiles', query: loadTextContent('../queries/answered.kql') }
  { title: 'How calls ended', show: 'barchart', query: loadTextContent('../queries/calls.kql') }
  { title: 'Phases of answering (seconds)', show: 'table', query: loadTextContent('../queries/latencies.kql') }
  { title: '95th percentile of each phase (seconds)', show: 'timechart', query: loadTextContent('../queries/latencies-over-time.kql') }
  { title: 'Recordings', show: 'barchart', query: loadTextContent('../queries/recordings.kql') }
  { title: 'Why calls were not recorded', show: 'table', query: loadTextContent('../queries/not-recorded.kql') }
  { title: 'What ACS refused or could not do', show: 'table', query: loadTextContent('../queries/errors.kql') }
  { title: 'Results of calls', show: 'table', query: loadTextContent('../queries/results.kql') }
  { title: 'Quarantined events, refused callbacks, late timers', show: 'table', query: loadTextContent('../queries/quarantined.kql') }
  { title: 'One call: {Call}', show: 'table', query: loadTextContent('../queries/one-call.kql') }
]

var metrics = [
  {
    title: 'Event Grid, callbacks'
    resourceType: 'microsoft.eventgrid/topics'
    resourceId: topicId
    names: ['PublishSuccessCount', 'PublishFailCount', 'DeliverySuccessCount', 'DeliveryAttemptFailCount', 'DeadLetteredCount', 'DroppedEventCount']
  }
  {
    title: 'Event Grid, what ACS raises'
    resourceType: 'microsoft.eventgrid/systemtopics'
    resourceId: systemTopicId
    names: ['PublishSuccessCount', 'DeliverySuccessCount', 'DeliveryAttemptFailCount', 'DeadLetteredCount', 'DroppedEventCount']
  }
  {
    title: 'Storage of calls'
    resourceType: 'microsoft.storage/storageaccounts'
    resourceId: callStorageId
    names: ['Transactions', 'Availability', 'SuccessE2ELatency']
  }
]

var parameters = {
  type: 9
  name: 'parameters'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    parameters: [
      {
        id: guid(applicationInsightsId, 'TimeRange')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time'
        type: 4
        isRequired: true
        value: { durationMs: 86400000 }
        typeSettings: {
          allowCustom: true
          selectableValues: [
            { durationMs: 3600000 }
            { durationMs: 14400000 }
            { durationMs: 86400000 }
            { durationMs: 604800000 }
            { durationMs: 2592000000 }
          ]
        }
      }
      {
        id: guid(applicationInsightsId, 'Call')
        version: 'KqlParameterItem/1.0'
        name: 'Call'
        label: 'A call\'s id or correlation id'
        type: 1
        value: ''
      }
    ]
  }
}

var queryItems = map(queries, each => {
  type: 3
  name: each.title
  content: {
    version: 'KqlItem/1.0'
    title: each.title
    query: '${events}\n${each.query}'
    size: 0
    queryType: 0
    visualization: each.show
    timeContextFromParameter: 'TimeRange'
    resourceType: 'microsoft.insights/components'
    crossComponentResources: [applicationInsightsId]
  }
})

var metricItems = map(metrics, each => {
  type: 10
  name: each.title
  content: {
    version: 'MetricsItem/2.0'
    chartId: guid(each.resourceId, each.title)
    title: each.title
    size: 0
    chartType: 2
    metricScope: 0
    resourceType: each.resourceType
    resourceIds: [each.resourceId]
    timeContextFromParameter: 'TimeRange'
    metrics: map(each.names, name => {
      namespace: each.resourceType
      metric: '${each.resourceType}--${name}'
      // 4: average, 1: total.
      aggregation: contains(['Availability', 'SuccessE2ELatency'], name) ? 4 : 1
    })
  }
})

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, 'calls')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Calls'
    category: 'workbook'
    sourceId: applicationInsightsId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([parameters], queryItems, metricItems)
    })
  }
}
