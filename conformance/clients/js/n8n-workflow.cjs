// Stands for the package n8n-workflow, of which the ERPNext node uses these names only.
// The package itself brings a hundred megabytes of n8n's engine.
class NodeApiError extends Error {
  constructor(node, { message }) {
    super(message);
    this.node = node;
  }
}
class NodeOperationError extends Error {
  constructor(node, message) {
    super(message);
    this.node = node;
  }
}
module.exports = { NodeApiError, NodeOperationError, NodeConnectionTypes: { Main: "main" } };
