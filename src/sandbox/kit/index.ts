export { type Call, CallLog } from "./calls.js";
export { type TimerGroup, VirtualClock } from "./clock.js";
export { ControlError, type ControlRoute, type ControlSurface, type FieldFace, type RecordDesk, type RecordType, type Row } from "./control.js";
export { type Answer, decoded, type Handler, jsonBody, type KitRequest } from "./exchange.js";
export { type Fault, FaultList, type FaultRule, type NewFaultRule } from "./faults.js";
export { StateFile } from "./persistence.js";
export { createRandom, type Random } from "./random.js";
export { type KitServer, type ServeOptions, serve } from "./server.js";
