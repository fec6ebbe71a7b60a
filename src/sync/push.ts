import type { Entity, Intent } from "../domain/entity.js";
