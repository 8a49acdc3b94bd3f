// kafkajs has no types for its inner modules; this is all that message-headers.ts and its test touch.
declare module "kafkajs/src/protocol/decoder.js" {
  interface Reader {
    readonly buffer: Buffer;
    readonly offset: number;
    readVarInt(): number;
    readVarIntBytes(): Buffer;
  }
  const Decoder: {
    new (buffer: Buffer): Reader;
    readonly prototype: {
      readVarIntArray: (this: Reader, read: (reader: Reader) => { readonly key: string; readonly value: Buffer | null }) => unknown;
    };
  };
  export default Decoder;
}
declare module "kafkajs/src/protocol/recordBatch/record/v0/index.js" {
  import type { IHeaders } from "kafkajs";
  const encode: (record: { readonly key: Buffer | null; readonly value: Buffer | null; readonly headers: IHeaders }) => {
    readonly buffer: Buffer;
  };
  export default encode;
}
declare module "kafkajs/src/protocol/recordBatch/record/v0/decoder.js" {
  import type Decoder from "kafkajs/src/protocol/decoder.js";
  import type { KafkaMessage } from "kafkajs";
  const decode: (
    decoder: InstanceType<typeof Decoder>,
    batch: { readonly firstOffset: string; readonly firstTimestamp: string },
  ) => KafkaMessage;
  export default decode;
}
// kafkajs has no types for its inner modules; this is all that idle-wake-ups.ts touches.
declare module "kafkajs/src/network/requestQueue/index.js" {
  const RequestQueue: { readonly prototype: { scheduleCheckPendingRequests: () => void } };
  export default RequestQueue;
}
