// What an audit entry about an API client or a policy concerns.

import { h, link, pill } from "./dom.js";
import { plural, time } from "./format.js";
import { copyable, short } from "./ids.js";
import { labelOf } from "./labels.js";
import { to } from "./router.js";

const TARGETS = {
  policy: "Policy", service: "Policy of the service", client: "Policy of the client",
  wallet: "Policy of the wallet", user: "Rules of the user",
};

const SUBJECTS = { "client.created": client, "client.revoked": client, "policy.changed": policyChange };

// Return the elements that name the subject. Throws TypeError for details that the service does not
// write.
export const subject = ({ action, details }) => (details && SUBJECTS[action]?.(details)) || [];

function client({ client: name, scopes, unrestricted, policy, allowed_networks: networks, expires_at: expires }) {
  const rights = [
    scopes.map(text).join(", "),
    policy && ["policy ", identifier(policy)],
    networks && ["networks ", h("code", {}, networks.map(text).join(", "))],
    expires ? ["expires ", time(text(expires))] : "does not expire",
  ];
  return [
    h("p", {}, clientLink(name), unrestricted === true && [" ", pill("bad", "unrestricted")]),
    h("p", { class: "quiet" }, rights.filter(Boolean).map((one, place) => [place > 0 && " · ", one])),
  ];
}

// "Policy of the client engine: none → 5f0c…, version 2".
function policyChange({ target, client: name, old: before, new: after }) {
  const same = after?.policy && (!before || before.policy === after.policy) && target === "policy";
  return [h("p", {}, labelOf(TARGETS, text(target)), name && [" ", clientLink(name)], same && [" ", identifier(after.policy)], ": ",
    version(before, same), " → ", version(after, same))];
}

function version(found, isNamed) {
  if (!found) return "none";
  const { policy, version: number, rules } = found;
  return [policy && !isNamed && [identifier(policy), " "],
    `version ${Number.isInteger(number) ? number : "unknown"}`, rules && ` (${plural(Number(rules), "rule")})`];
}

const clientLink = (name) => h("strong", {}, link(to(["audit"], { actor: `client:${name}` }), text(name)));
const identifier = (id) => copyable(text(id), "policy id", short(id));

function text(value) {
  if (typeof value !== "string") throw new TypeError("not a text");
  return value;
}
