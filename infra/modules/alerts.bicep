// Alerts. docs/operations.md has the meaning and the response of each. The queries read the lines that
// shared/platform/telemetry.py writes; a test compares the two.

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

@description('Mail address for alerts. Empty: none.')
param email string

@description('Upper limit of the 95th percentile of the time to answer, in seconds.')
param answerSeconds int

var events = loadTextContent('../queries/events.kql')

// column: the column whose value is compared with the threshold; empty: the number of rows is.
var rules = [
  {
    name: 'missed-calls'
    title: 'Calls were not answered'
    query: loadTextContent('../queries/alert-missed.kql')
    column: ''
    operator: 'GreaterThan'
    threshold: 0
    severity: 1
  }
  {
    name: 'slow-answers'
    title: 'Calls are answered slowly'
    query: loadTextContent('../queries/alert-answer-slow.kql')
    column: 'p95'
    operator: 'GreaterThan'
    threshold: answerSeconds
    severity: 2
  }
  {
    name: 'not-recorded'
    title: 'More than one call in twenty is not recorded'
    query: loadTextContent('../queries/alert-not-recorded.kql')
    column: 'percent'
    operator: 'GreaterThan'
    threshold: 5
    severity: 1
  }
  {
    name: 'recordings-lost'
    title: 'A recording was lost before it was archived'
    query: loadTextContent('../queries/alert-lost.kql')
    column: ''
    operator: 'GreaterThan'
    threshold: 0
    severity: 1
  }
  {
    name: 'quarantine'
    title: 'Events could not be read'
    query: loadTextContent('../queries/alert-quarantine.kql')
    column: ''
    operator: 'GreaterThan'
    threshold: 0
    severity: 2
  }
  {
    name: 'callbacks-refused'
    title: 'Callbacks are refused'
    query: loadTextContent('../queries/alert-callbacks-refused.kql')
    column: ''
    operator: 'GreaterThan'
    threshold: 10
    severity: 2
  }
  {
    name: 'silent'
    title: 'The app does not run'
    query: loadTextContent('../queries/alert-silent.kql')
    column: 'runs'
    operator: 'LessThan'
    threshold: 1
    severity: 0
  }
]

var topics = [
  { name: 'callbacks', id: topicId }
  { name: 'communication', id: systemTopicId }
]
var actions = empty(email) ? [] : [people.id]
var metricActions = empty(email) ? [] : [{ actionGroupId: people.id }]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-calls'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'calls'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: 'See docs/operations.md, "${rule.name}".'
      severity: rule.severity
      enabled: true
      scopes: [applicationInsightsId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      // Before the first call the workspace has no table to validate the query with.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: '${events}\n${rule.query}'
            operator: rule.operator
            threshold: rule.threshold
            timeAggregation: empty(rule.column) ? 'Count' : 'Maximum'
            // Absent if rows are counted.
            metricMeasureColumn: empty(rule.column) ? null : rule.column
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actions }
    }
  }
]

// Metrics of Event Grid: the app does not see events that never reached it.
resource deadLetterAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for topic in topics: {
    name: 'dead-letters-${topic.name}'
    location: 'global'
    tags: tags
    properties: {
      description: 'See docs/operations.md, "dead-letters". Events could not be delivered in time.'
      severity: 1
      enabled: true
      scopes: [topic.id]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'dead-lettered'
            criterionType: 'StaticThresholdCriterion'
            metricName: 'DeadLetteredCount'
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      actions: metricActions
    }
  }
]
