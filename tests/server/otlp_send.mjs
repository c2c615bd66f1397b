// Sends logs and metrics by OTLP in JSON, as a Node program does: node send.mjs URL
import { LoggerProvider, BatchLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";

const url = process.argv[2];
const resource = resourceFromAttributes({ "service.name": "cart", "host.name": "node-01" });
const processor = new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }) });
const loggers = new LoggerProvider({ resource, processors: [processor] });
const span = { traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174", traceFlags: 1 };
loggers.getLogger("cart.js").emit({
  timestamp: [1795176000, 0],
  severityNumber: 13,
  severityText: "WARN",
  body: { cart: 7, items: ["tea", "jam"] },
  attributes: { "log.record.uid": "01JD", big: 12345678901 },
  context: trace.setSpanContext(ROOT_CONTEXT, span),
});
const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }), exportIntervalMillis: 3600000 });
const meters = new MeterProvider({ resource, readers: [reader] });
const meter = meters.getMeter("cart.js");
meter.createCounter("items").add(2, { kind: "tea" });
meter.createHistogram("took", { unit: "ms" }).record(12);
await loggers.shutdown();
await meters.shutdown();
