// kafkajs has no types for its inner modules; this is all that idle-wake-ups.ts touches.
declare module "kafkajs/src/network/requestQueue/index.js" {
  const RequestQueue: { readonly prototype: { scheduleCheckPendingRequests: () => void } };
  export default RequestQueue;
}
