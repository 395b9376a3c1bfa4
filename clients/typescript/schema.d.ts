// Made by generate.mjs (make client). Do not edit.

export interface paths {
    "/api/auth/base-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sign in with Farcaster, and store the Base Account address if given. */
        get: operations["sign_in_get"];
        put?: never;
        /** Sign in with Farcaster, and store the Base Account address if given. */
        post: operations["sign_in_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/deposit": {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key returns the first response again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prepare a transfer to the user's trading wallet, creating the wallet if needed. */
        post: operations["deposit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/payment-qr": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return a payment to the user's trading wallet as a QR code of its ERC-681 URI. */
        get: operations["payment_qr"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/primary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the user's Base Account address. */
        get: operations["primary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/primary-with-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the private key of the trading wallet to its owner, if that is enabled. */
        get: operations["primary_with_key"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/user-wallets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the user's wallets, the Base Account first. */
        get: operations["user_wallets"];
        put?: never;
        /** Create the trading wallet if needed, and return it. */
        post: operations["create_user_wallet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/deposits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the user's deposits, newest first. */
        get: operations["list_own_deposits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/deposits/{deposit_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        /** Return a deposit of the user. */
        get: operations["get_own_deposit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/deposits": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        /**
         * List the deposits of a user, newest first.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["list_deposits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/deposits/{deposit_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        /**
         * Return a deposit of a user.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["get_deposit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deposits/{deposit_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        /**
         * Return a deposit whose user is not known. With the user, the other route is faster.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["find_deposit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/trading/create-fallback-wallet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return whether the trading wallet exists. */
        get: operations["fallback_wallet_status"];
        put?: never;
        /** Create the trading wallet if needed. An existing one is never replaced. */
        post: operations["create_fallback_wallet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        /**
         * List the wallets of a user, the Base Account first.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["list_wallets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                chain: "ethereum" | "base-account";
            };
            cookie?: never;
        };
        /**
         * Return the wallet of a user on a chain.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["get_wallet"];
        /**
         * Create the trading wallet of a user if needed. The operation is idempotent.
         * @description Needs the scope `wallets:write`.
         */
        put: operations["ensure_wallet"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}/key": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Return the private key of a trading wallet, if that is enabled, and record why.
         * @description Needs the scope `keys:read`.
         */
        post: operations["read_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}/sign/message": {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a message with a trading wallet (EIP-191), and record it in the audit log.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["sign_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}/sign/typed-data": {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign typed data with a trading wallet (EIP-712), and record it in the audit log.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["sign_typed_data"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}/sign/transaction": {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a transaction with a trading wallet, and record it in the audit log. Send nothing.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["sign_transaction"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/wallets/{chain}/sign/authorization": {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign the authorization of a delegate (EIP-7702), and record it in the audit log.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["sign_authorization"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/sign/preview": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Return what would be signed and what it would do. Sign and record nothing.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["preview_signature"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/rpc/{chain_id}": {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. In a batch, each position has a key of its own. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                /** @description The chain to sign for, or to read. */
                chain_id: number;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign with the user's trading wallet, or read the chain, by JSON-RPC 2.0.
         * @description Needs the scope `wallets:sign`.
         */
        post: operations["rpc"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all policies, each in its newest version, newest policies first.
         * @description Needs the scope `policies:read`.
         */
        get: operations["list_policies"];
        put?: never;
        /**
         * Store a policy. With an id, store its next version, which applies at once.
         * @description Needs the scope `policies:write`.
         */
        post: operations["store_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return the JSON Schema of a policy.
         * @description Needs the scope `policies:read`.
         */
        get: operations["policy_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{policy_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policy_id: string;
            };
            cookie?: never;
        };
        /**
         * Return the newest version of a policy.
         * @description Needs the scope `policies:read`.
         */
        get: operations["get_policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{policy_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policy_id: string;
            };
            cookie?: never;
        };
        /**
         * List the versions of a policy, newest first.
         * @description Needs the scope `policies:read`.
         */
        get: operations["list_policy_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Return what policies would decide about a request now. Sign, spend and record nothing.
         * @description Needs the scope `policies:read`.
         */
        post: operations["dry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/policy": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        /**
         * Return the policy that is assigned to a wallet.
         * @description Needs the scope `policies:read`.
         */
        get: operations["get_wallet_policy"];
        /**
         * Assign a policy to a wallet. The newest version of the policy always applies.
         * @description Needs the scope `policies:write`.
         */
        put: operations["assign_wallet_policy"];
        post?: never;
        /**
         * Remove the policy of a wallet. Without a policy of another layer, nothing is signed.
         * @description Needs the scope `policies:write`.
         */
        delete: operations["remove_wallet_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{fid}/policy/effective": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        /**
         * Return all policies that apply to a wallet, and what is left of their windows.
         * @description Needs the scope `policies:read`.
         */
        get: operations["get_effective_policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the rules that the user set for their own wallet. */
        get: operations["get_own_policy"];
        /** Replace the rules that the user set. They can only narrow what other policies allow. */
        put: operations["set_own_policy"];
        post?: never;
        /** Remove the rules that the user set. All other policies still apply. */
        delete: operations["remove_own_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/clients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all API clients by name, including revoked and expired ones. No token is shown.
         * @description Needs the scope `clients:read`.
         */
        get: operations["list_clients"];
        put?: never;
        /**
         * Create an API client with rights that the caller has, and return its token once.
         * @description Needs the scope `clients:write`.
         */
        post: operations["create_client"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/clients/{client_name}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_name: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke an API client permanently; the time of the first revocation stays.
         * @description Needs the scope `clients:write`.
         */
        post: operations["revoke_client"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/wallets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find wallets, newest first. Filters can be combined.
         * @description Needs the scope `wallets:read`.
         */
        get: operations["find_wallets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find audit log entries, newest first. Filters can be combined.
         * @description Needs the scope `audit:read`.
         */
        get: operations["find_audit_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/storage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return the storage mode, the number of imported wallets, and the secrets of the keys.
         * @description Needs the scope `stats:read`.
         */
        get: operations["storage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stats": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier response. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /**
         * Return the numbers of users and wallets, and daily numbers (default: 30 days).
         * @description Needs the scope `stats:read`.
         */
        get: operations["stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return the state of the service. /readyz returns whether it can serve.
         * @description Needs the scope `stats:read`.
         */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the version of the running process, without checking anything else. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return whether this process can serve requests, and if not, the reason. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the metrics of all workers in a Prometheus format (404 if disabled). */
        get: operations["prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Return the OpenAPI 3.1 document. */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        SignInAnswer: {
            success: boolean;
            /**
             * Format: int64
             * @example 1464243
             */
            fid: number;
            /** @example fid_1464243 */
            userId: string;
            /** @example 0x78547fc07fdc8aac05e53b034e510b276a5ba384 */
            address: `0x${string}` | null;
            /** @description For the other routes of /api. */
            token: string;
        };
        Problem: {
            /** @description A URN that ends with the code. */
            type: string;
            /** @description Depends only on the code. */
            title: string;
            status: number;
            /** @description What exactly is wrong, for developers. */
            detail: string;
            /** @description A stable identifier for programs. */
            code: string;
            request_id: string | null;
            /** @description A sentence for the user. */
            error: string;
            /** @description Only for /api/auth/base-account. */
            fid?: null;
            /**
             * @description Only for policy_refused, like the four members below.
             * @enum {string}
             */
            reason?: "no_policy" | "denied" | "no_rule" | "unlimited_allowance" | "lifetime" | "max_amount" | "window";
            /**
             * @description Whose policy refuses; null if none applies.
             * @enum {string|null}
             */
            layer?: "service" | "client" | "wallet" | "user" | null;
            /**
             * Format: uuid
             * @description Null for the rules of the user.
             */
            policy?: string | null;
            version?: number | null;
            /** @description The id of the rule; null if no rule matches. */
            rule?: string | null;
        };
        DepositBody: {
            /**
             * @default USDC
             * @enum {string}
             */
            asset?: "USDC" | "ETH";
            /**
             * @description Decimal digits, in whole units of the asset.
             * @example 20
             * @example 0.5
             */
            amount: string;
            /**
             * @description The sender. Default: the stored Base Account address.
             * @example 0x78547fc07fdc8aac05e53b034e510b276a5ba384
             */
            baseAddress?: `0x${string}` | null;
        };
        NetworkAnswer: {
            /** @example Base Mainnet */
            name: string;
            /** @example 8453 */
            chainId: number;
        };
        DepositAnswer: {
            success: boolean;
            network: components["schemas"]["NetworkAnswer"];
            /** @enum {string} */
            asset: "USDC" | "ETH";
            /** @example 20 */
            amount: string;
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            depositAddress: `0x${string}`;
            /**
             * @description Parameters of eth_sendTransaction. An ETH transfer has no gas.
             * @example {
             *       "from": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "to": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
             *       "value": "0x0",
             *       "data": "0xa9059cbb00000000000000000000000024e08ce165170235ff6e27529b73f9933bcd74e20000000000000000000000000000000000000000000000000000000001312d00",
             *       "gas": "0x30d40"
             *     }
             */
            transaction: {
                from: `0x${string}`;
                to: `0x${string}`;
                value: `0x${string}`;
                data: `0x${string}`;
                gas?: `0x${string}`;
            };
            /** @description A sentence for the user. */
            note: string;
            /** Format: uuid */
            depositId: string;
            /**
             * @description An ERC-681 URI for a QR code.
             * @example ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address=0x24e08CE165170235Ff6E27529b73f9933bCD74E2&uint256=20000000
             */
            paymentUri: string;
            /**
             * @description Parameters of wallet_sendCalls (EIP-5792).
             * @example {
             *       "version": "2.0.0",
             *       "from": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "chainId": "0x2105",
             *       "atomicRequired": false,
             *       "calls": [
             *         {
             *           "to": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
             *           "value": "0x0",
             *           "data": "0xa9059cbb00000000000000000000000024e08ce165170235ff6e27529b73f9933bcd74e20000000000000000000000000000000000000000000000000000000001312d00"
             *         }
             *       ]
             *     }
             */
            walletSendCalls: {
                version: string;
                from: `0x${string}`;
                chainId: `0x${string}`;
                atomicRequired: boolean;
                calls: {
                    to: `0x${string}`;
                    value: `0x${string}`;
                    data: `0x${string}`;
                }[];
            };
        };
        PrimaryWallet: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @enum {string} */
            readonly chain: "ethereum" | "base";
            /** @enum {string} */
            walletType: "trading" | "base-account";
        };
        PrimaryWalletAnswer: {
            wallet: components["schemas"]["PrimaryWallet"] | null;
        };
        ExportedWallet: {
            /** @example fid_1464243_ethereum */
            readonly id: string;
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @enum {string} */
            chain: "ethereum";
            /** @example 0x0000000000000000000000000000000000000000000000000000000000000001 */
            readonly privateKey: `0x${string}`;
            /** Format: date-time */
            createdAt: string;
        };
        ExportedWalletAnswer: {
            wallet: components["schemas"]["ExportedWallet"];
        };
        ListedWallet: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @enum {string} */
            readonly chain: "ethereum" | "base";
            /** @enum {string} */
            walletType: "trading" | "base-account";
            /** @example fid_1464243_ethereum */
            readonly id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        WalletListAnswer: {
            wallets: components["schemas"]["ListedWallet"][];
        };
        CreateWalletBody: {
            /**
             * @default ethereum
             * @enum {string}
             */
            chain?: "ethereum";
        };
        CreatedWallet: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @enum {string} */
            readonly chain: "ethereum" | "base";
            /** @enum {string} */
            walletType: "trading" | "base-account";
            /** @example fid_1464243_ethereum */
            readonly id: string;
            /** Format: date-time */
            createdAt: string;
        };
        CreatedWalletAnswer: {
            wallet: components["schemas"]["CreatedWallet"];
        };
        ExplorerLinks: {
            /**
             * Format: uri
             * @example https://basescan.org/address/0x78547fc07fdc8aac05e53b034e510b276a5ba384
             */
            sender: string;
            /**
             * Format: uri
             * @description The transfers of the asset to and from the trading wallet.
             * @example https://basescan.org/token/0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913?a=0x24e08CE165170235Ff6E27529b73f9933bCD74E2
             */
            wallet: string;
        };
        RecordedDeposit: {
            /** Format: uuid */
            id: string;
            /**
             * Format: int64
             * @example 1464243
             */
            fid: number;
            /**
             * @description The service does not watch the blockchain yet: the status stays prepared.
             * @enum {string}
             */
            status: "prepared";
            /** @description The meaning of the status, for the user. */
            note: string;
            /** @enum {string} */
            asset: "USDC" | "ETH";
            /**
             * @description In whole units of the asset.
             * @example 20
             */
            amount: string;
            /**
             * @description In the smallest unit of the asset: wei, or millionths of a USDC.
             * @example 20000000
             */
            amountUnits: string;
            /**
             * @description The address that should send it.
             * @example 0x78547fc07fdc8aac05e53b034e510b276a5ba384
             */
            fromAddress: `0x${string}`;
            /**
             * @description The user's trading wallet.
             * @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2
             */
            depositAddress: `0x${string}`;
            network: components["schemas"]["NetworkAnswer"];
            explorer: components["schemas"]["ExplorerLinks"];
            /** Format: date-time */
            createdAt: string;
        };
        DepositPage: {
            data: components["schemas"]["RecordedDeposit"][];
            /** @description Send it as cursor with the same filters. */
            next_cursor: string | null;
            has_more: boolean;
        };
        FallbackWalletAnswer: {
            success: boolean;
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            walletAddress: `0x${string}`;
            /** @description A sentence for the user. */
            message: string;
            /** @description Another sentence for the user. */
            note: string;
        };
        FallbackWalletStatusAnswer: {
            hasFallbackWallet: boolean;
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            walletAddress: `0x${string}` | null;
        };
        ServiceWallet: {
            /** @example fid_1464243_ethereum */
            readonly id: string;
            /**
             * Format: int64
             * @example 1464243
             */
            fid: number;
            /** @enum {string} */
            chain: "ethereum" | "base-account";
            /** @enum {string} */
            type: "trading" | "base-account";
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        ServiceWalletList: {
            data: components["schemas"]["ServiceWallet"][];
        };
        KeyBody: {
            /**
             * @description Printable text for the audit log.
             * @example sign swap 8c1f
             */
            reason: string;
            /** @description An X25519 public key in base64url. If given, the private key is encrypted to it (HPKE, RFC 9180), so that no proxy or log can read it. */
            recipientPublicKey?: string | null;
        };
        EncryptedPrivateKey: {
            suite: string;
            /** @description The encapsulated key, base64url. */
            enc: string;
            /** @description base64url. */
            ciphertext: string;
            /** @description The HPKE info. Check that it names the wallet you asked for. */
            info: string;
        };
        KeyAnswer: {
            wallet: components["schemas"]["ServiceWallet"];
            /** @example 0x0000000000000000000000000000000000000000000000000000000000000001 */
            privateKey?: `0x${string}`;
            sealedPrivateKey?: components["schemas"]["EncryptedPrivateKey"];
        };
        MessageBody: {
            /**
             * @description Printable text for the audit log. Default: the header X-Reason.
             * @example sign swap 8c1f
             */
            reason?: string | null;
            /**
             * @description A text, which is signed as UTF-8 even if it begins with 0x, or {"raw": "0x…"} for bytes. Exactly 32 bytes, which may be a hash, need a policy.
             * @example Sign in to example.com
             * @example {
             *       "raw": "0x5369676e20696e"
             *     }
             */
            message: string | {
                raw: `0x${string}`;
            };
        };
        SignatureAnswer: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @description What the wallet signed. */
            digest: `0x${string}`;
            /** @description r, s and v (27 or 28) in 65 bytes. */
            signature: `0x${string}`;
        };
        TypedDataBody: {
            /**
             * @description Printable text for the audit log. Default: the header X-Reason.
             * @example sign swap 8c1f
             */
            reason?: string | null;
            /**
             * @description The chain for which it is signed.
             * @example 8453
             */
            chainId: number;
            /**
             * @description Typed data (EIP-712), or its JSON text. `domain.chainId` must equal `chainId`.
             * @example {
             *       "types": {
             *         "Permit": [
             *           {
             *             "name": "owner",
             *             "type": "address"
             *           },
             *           {
             *             "name": "spender",
             *             "type": "address"
             *           },
             *           {
             *             "name": "value",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "nonce",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "deadline",
             *             "type": "uint256"
             *           }
             *         ]
             *       },
             *       "primaryType": "Permit",
             *       "domain": {
             *         "name": "USD Coin",
             *         "version": "2",
             *         "chainId": 8453,
             *         "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
             *       },
             *       "message": {
             *         "owner": "0x24e08CE165170235Ff6E27529b73f9933bCD74E2",
             *         "spender": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *         "value": "20000000",
             *         "nonce": 0,
             *         "deadline": 1798761600
             *       }
             *     }
             */
            typedData: Record<string, never> | string;
        };
        TransactionBody: {
            /**
             * @description Printable text for the audit log. Default: the header X-Reason.
             * @example sign swap 8c1f
             */
            reason?: string | null;
            /**
             * @description The chain for which it is signed.
             * @example 8453
             */
            chainId: number;
            /**
             * @description A complete transaction of type 0, 1, 2 or 4 in the form of `eth_signTransaction`: quantities and bytes are hex strings.
             * @example {
             *       "type": "0x2",
             *       "nonce": "0x0",
             *       "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "value": "0x5af3107a4000",
             *       "gas": "0x5208",
             *       "maxFeePerGas": "0x77359400",
             *       "maxPriorityFeePerGas": "0xf4240"
             *     }
             */
            transaction: Record<string, never>;
        };
        SignedTransactionAnswer: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @description What the wallet signed. */
            digest: `0x${string}`;
            /** @description For eth_sendRawTransaction. */
            rawTransaction: `0x${string}`;
            /** @description The hash of the transaction. */
            hash: `0x${string}`;
            /** @description The transaction with its signature. */
            transaction: Record<string, never>;
        };
        AuthorizationBody: {
            /**
             * @description Printable text for the audit log. Default: the header X-Reason.
             * @example sign swap 8c1f
             */
            reason?: string | null;
            /**
             * @description The chain for which it is signed.
             * @example 8453
             */
            chainId: number;
            /**
             * @description An authorization (EIP-7702): the account gets the code of the contract `address`. `chainId` must equal that of the request, and cannot be 0. Quantities are hex strings.
             * @example {
             *       "chainId": "0x2105",
             *       "address": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "nonce": "0x0"
             *     }
             */
            authorization: Record<string, never>;
        };
        SignedAuthorizationAnswer: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @description What the wallet signed. */
            digest: `0x${string}`;
            /** @description An element of `authorizationList`. */
            authorization: Record<string, never>;
        };
        PreviewBody: {
            /**
             * @description The chain for which it is signed.
             * @example 8453
             */
            chainId?: number;
            /**
             * @description A text, which is signed as UTF-8 even if it begins with 0x, or {"raw": "0x…"} for bytes. Exactly 32 bytes, which may be a hash, need a policy.
             * @example Sign in to example.com
             * @example {
             *       "raw": "0x5369676e20696e"
             *     }
             */
            message?: string | {
                raw: `0x${string}`;
            };
            /**
             * @description Typed data (EIP-712), or its JSON text. `domain.chainId` must equal `chainId`.
             * @example {
             *       "types": {
             *         "Permit": [
             *           {
             *             "name": "owner",
             *             "type": "address"
             *           },
             *           {
             *             "name": "spender",
             *             "type": "address"
             *           },
             *           {
             *             "name": "value",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "nonce",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "deadline",
             *             "type": "uint256"
             *           }
             *         ]
             *       },
             *       "primaryType": "Permit",
             *       "domain": {
             *         "name": "USD Coin",
             *         "version": "2",
             *         "chainId": 8453,
             *         "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
             *       },
             *       "message": {
             *         "owner": "0x24e08CE165170235Ff6E27529b73f9933bCD74E2",
             *         "spender": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *         "value": "20000000",
             *         "nonce": 0,
             *         "deadline": 1798761600
             *       }
             *     }
             */
            typedData?: Record<string, never> | string;
            /**
             * @description A complete transaction of type 0, 1, 2 or 4 in the form of `eth_signTransaction`: quantities and bytes are hex strings.
             * @example {
             *       "type": "0x2",
             *       "nonce": "0x0",
             *       "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "value": "0x5af3107a4000",
             *       "gas": "0x5208",
             *       "maxFeePerGas": "0x77359400",
             *       "maxPriorityFeePerGas": "0xf4240"
             *     }
             */
            transaction?: Record<string, never>;
            /**
             * @description An authorization (EIP-7702): the account gets the code of the contract `address`. `chainId` must equal that of the request, and cannot be 0. Quantities are hex strings.
             * @example {
             *       "chainId": "0x2105",
             *       "address": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "nonce": "0x0"
             *     }
             */
            authorization?: Record<string, never>;
        };
        PreviewAnswer: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @description What the wallet signed. */
            digest: `0x${string}`;
            effects: ({
                kind: string;
            } & {
                [key: string]: string | boolean | null;
            })[];
        };
        PolicyBody: {
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            id?: string;
            name: string;
            /**
             * @description The rules. Their order has no meaning.
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            rules: {
                /** @description Unique in the policy. */
                id: string;
                /** @enum {unknown} */
                effect: "allow" | "deny";
                /** @description The method of JSON-RPC, or the end of the route. */
                methods?: ("personal_sign" | "eth_sign" | "eth_signTypedData" | "eth_signTypedData_v4" | "eth_signTransaction" | "sign/message" | "sign/typed-data" | "sign/transaction" | "sign/authorization")[];
                /** @description The chains for which it is signed (EIP-155). */
                chain_ids?: number[];
                /** @description The kinds of effects. */
                kinds?: ("native_transfer" | "token_transfer" | "allowance" | "contract_call" | "contract_creation" | "delegation" | "message" | "hash_message" | "typed_data" | "network_fee")[];
                /** @description The recipient of a transfer, the contract that is called, or the delegate. */
                to?: string[];
                /** @description The asset of a transfer, an allowance or a fee. */
                tokens?: ("native" | string)[];
                /** @description The spender of an allowance. */
                spenders?: string[];
                /** @description The first four bytes of the data of a contract call. */
                selectors?: string[];
                /** @description The typed data (EIP-712) that is signed, regardless of its effects. */
                typed_data?: {
                    /** @description The contract of the domain. */
                    verifying_contracts?: string[];
                    /** @description The primary type. */
                    primary_types?: string[];
                };
                /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                max_amount?: string;
                /** @description Limits of what is spent within rolling windows. */
                windows?: {
                    seconds: number;
                    /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                    max_amount: string;
                }[];
                /** @description How long a signature and its allowance may be valid. */
                max_lifetime_seconds?: number;
            }[];
        };
        WrittenPolicyAnswer: {
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            id: string;
            /** @example 1 */
            version: number;
            name: string;
            /**
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            readonly rules: Record<string, never>[];
            /** Format: date-time */
            createdAt: string;
            /** @example cli:operator */
            createdBy: string;
            /**
             * @description Probable mistakes in the rules of the request, in English sentences.
             * @example [
             *       "Rule \"payments\" allows no transaction: transactions need a rule for network_fee.",
             *       "Rule \"payments\" allows signatures that are valid for any time, and count in its windows until then: set max_lifetime_seconds, or name the methods for transactions only."
             *     ]
             */
            readonly warnings: string[];
        };
        PolicyAnswer: {
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            id: string;
            /** @example 1 */
            version: number;
            name: string;
            /**
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            readonly rules: Record<string, never>[];
            /** Format: date-time */
            createdAt: string;
            /** @example cli:operator */
            createdBy: string;
        };
        PolicyPage: {
            data: components["schemas"]["PolicyAnswer"][];
            /** @description Send it as cursor with the same filters. */
            next_cursor: string | null;
            has_more: boolean;
        };
        DryRunBody: {
            /**
             * @description The chain for which it is signed.
             * @example 8453
             */
            chainId?: number;
            /**
             * @description A text, which is signed as UTF-8 even if it begins with 0x, or {"raw": "0x…"} for bytes. Exactly 32 bytes, which may be a hash, need a policy.
             * @example Sign in to example.com
             * @example {
             *       "raw": "0x5369676e20696e"
             *     }
             */
            message?: string | {
                raw: `0x${string}`;
            };
            /**
             * @description Typed data (EIP-712), or its JSON text. `domain.chainId` must equal `chainId`.
             * @example {
             *       "types": {
             *         "Permit": [
             *           {
             *             "name": "owner",
             *             "type": "address"
             *           },
             *           {
             *             "name": "spender",
             *             "type": "address"
             *           },
             *           {
             *             "name": "value",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "nonce",
             *             "type": "uint256"
             *           },
             *           {
             *             "name": "deadline",
             *             "type": "uint256"
             *           }
             *         ]
             *       },
             *       "primaryType": "Permit",
             *       "domain": {
             *         "name": "USD Coin",
             *         "version": "2",
             *         "chainId": 8453,
             *         "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
             *       },
             *       "message": {
             *         "owner": "0x24e08CE165170235Ff6E27529b73f9933bCD74E2",
             *         "spender": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *         "value": "20000000",
             *         "nonce": 0,
             *         "deadline": 1798761600
             *       }
             *     }
             */
            typedData?: Record<string, never> | string;
            /**
             * @description A complete transaction of type 0, 1, 2 or 4 in the form of `eth_signTransaction`: quantities and bytes are hex strings.
             * @example {
             *       "type": "0x2",
             *       "nonce": "0x0",
             *       "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "value": "0x5af3107a4000",
             *       "gas": "0x5208",
             *       "maxFeePerGas": "0x77359400",
             *       "maxPriorityFeePerGas": "0xf4240"
             *     }
             */
            transaction?: Record<string, never>;
            /**
             * @description An authorization (EIP-7702): the account gets the code of the contract `address`. `chainId` must equal that of the request, and cannot be 0. Quantities are hex strings.
             * @example {
             *       "chainId": "0x2105",
             *       "address": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
             *       "nonce": "0x0"
             *     }
             */
            authorization?: Record<string, never>;
            /**
             * Format: int64
             * @example 1464243
             */
            fid: number;
            /**
             * @description How it would be signed. Default: the REST route.
             * @enum {string}
             */
            method?: "personal_sign" | "eth_sign" | "eth_signTypedData" | "eth_signTypedData_v4" | "eth_signTransaction" | "sign/message" | "sign/typed-data" | "sign/transaction" | "sign/authorization";
            /**
             * @description The API client that would sign. Default: the caller.
             * @example engine
             */
            client?: string;
            /**
             * @description Rules to try in place of the wallet's policy.
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            rules?: {
                /** @description Unique in the policy. */
                id: string;
                /** @enum {unknown} */
                effect: "allow" | "deny";
                /** @description The method of JSON-RPC, or the end of the route. */
                methods?: ("personal_sign" | "eth_sign" | "eth_signTypedData" | "eth_signTypedData_v4" | "eth_signTransaction" | "sign/message" | "sign/typed-data" | "sign/transaction" | "sign/authorization")[];
                /** @description The chains for which it is signed (EIP-155). */
                chain_ids?: number[];
                /** @description The kinds of effects. */
                kinds?: ("native_transfer" | "token_transfer" | "allowance" | "contract_call" | "contract_creation" | "delegation" | "message" | "hash_message" | "typed_data" | "network_fee")[];
                /** @description The recipient of a transfer, the contract that is called, or the delegate. */
                to?: string[];
                /** @description The asset of a transfer, an allowance or a fee. */
                tokens?: ("native" | string)[];
                /** @description The spender of an allowance. */
                spenders?: string[];
                /** @description The first four bytes of the data of a contract call. */
                selectors?: string[];
                /** @description The typed data (EIP-712) that is signed, regardless of its effects. */
                typed_data?: {
                    /** @description The contract of the domain. */
                    verifying_contracts?: string[];
                    /** @description The primary type. */
                    primary_types?: string[];
                };
                /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                max_amount?: string;
                /** @description Limits of what is spent within rolling windows. */
                windows?: {
                    seconds: number;
                    /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                    max_amount: string;
                }[];
                /** @description How long a signature and its allowance may be valid. */
                max_lifetime_seconds?: number;
            }[];
        };
        _Layer: {
            /** @enum {string} */
            layer: "service" | "client" | "wallet" | "user";
            /**
             * Format: uuid
             * @description Null for rules without an id.
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policy: string | null;
            /** @description 0 for rules in the request. */
            version: number;
            readonly allowed: boolean;
            /** @enum {string|null} */
            reason: "no_policy" | "denied" | "no_rule" | "unlimited_allowance" | "lifetime" | "max_amount" | "window" | null;
            /** @description The rules that allow it, or that refuse it. */
            rules: string[];
            /** @description What is refused. */
            readonly effect: Record<string, never> | null;
        };
        _Window: {
            /** @enum {string} */
            layer: "service" | "client" | "wallet" | "user";
            rule: string;
            chainId: number;
            /**
             * @example native
             * @example 0x24e08ce165170235ff6e27529b73f9933bcd74e2
             */
            asset: string;
            seconds: number;
            /** @example 5000000 */
            readonly maxAmount: string;
            /**
             * @description What was signed already.
             * @example 5000000
             */
            readonly spent: string;
            /** @example 5000000 */
            readonly left: string;
        };
        DryRunAnswer: {
            /** @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2 */
            address: `0x${string}`;
            /** @description What the wallet signed. */
            digest: `0x${string}`;
            effects: ({
                kind: string;
            } & {
                [key: string]: string | boolean | null;
            })[];
            allowed: boolean;
            /**
             * @description Why it would be refused.
             * @enum {string|null}
             */
            reason: "no_policy" | "denied" | "no_rule" | "unlimited_allowance" | "lifetime" | "max_amount" | "window" | null;
            /** @description The same in a sentence. */
            explanation: string | null;
            layers: components["schemas"]["_Layer"][];
            windows: components["schemas"]["_Window"][];
            /**
             * @description Probable mistakes in the rules of the request, in English sentences.
             * @example [
             *       "Rule \"payments\" allows no transaction: transactions need a rule for network_fee.",
             *       "Rule \"payments\" allows signatures that are valid for any time, and count in its windows until then: set max_lifetime_seconds, or name the methods for transactions only."
             *     ]
             */
            readonly warnings: string[];
        };
        AssignmentAnswer: {
            /** @example 1 */
            version: number;
            policy: components["schemas"]["PolicyAnswer"];
        };
        AssignmentBody: {
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policyId: string;
        };
        _EffectiveRule: {
            /** @example payments */
            id: string;
            /** @enum {string} */
            effect: "allow" | "deny";
            /** @description The rule in an English sentence. */
            readonly explanation: string;
        };
        _EffectiveLayer: {
            /** @enum {string} */
            layer: "service" | "client" | "wallet" | "user";
            /**
             * Format: uuid
             * @description Null for the user's own rules.
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policy: string | null;
            /** @example 1 */
            version: number;
            name: string | null;
            rules: components["schemas"]["_EffectiveRule"][];
        };
        _EffectiveWindow: {
            /** @enum {string} */
            layer: "service" | "client" | "wallet" | "user";
            rule: string;
            chainId: number;
            /**
             * @example native
             * @example 0x24e08ce165170235ff6e27529b73f9933bcd74e2
             */
            asset: string;
            seconds: number;
            /** @example 5000000 */
            readonly maxAmount: string;
            /**
             * @description What was signed already.
             * @example 5000000
             */
            readonly spent: string;
            /** @example 5000000 */
            readonly left: string;
            /** @example USDC */
            readonly symbol: string | null;
            /** @example 6 */
            readonly decimals: number | null;
        };
        EffectivePolicyAnswer: {
            /** @description Whether the client may sign where no policy applies; null without one. */
            unrestricted: boolean | null;
            layers: components["schemas"]["_EffectiveLayer"][];
            /** @description At most 500, in the order of the rules. */
            windows: components["schemas"]["_EffectiveWindow"][];
            /** @description False if there are more windows. */
            complete: boolean;
        };
        UserPolicyAnswer: {
            /** @example 1 */
            version: number;
            /**
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            readonly rules: Record<string, never>[];
            /** Format: date-time */
            createdAt: string;
        };
        RulesBody: {
            /**
             * @description The rules. Their order has no meaning.
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            rules: {
                /** @description Unique in the policy. */
                id: string;
                /** @enum {unknown} */
                effect: "allow" | "deny";
                /** @description The method of JSON-RPC, or the end of the route. */
                methods?: ("personal_sign" | "eth_sign" | "eth_signTypedData" | "eth_signTypedData_v4" | "eth_signTransaction" | "sign/message" | "sign/typed-data" | "sign/transaction" | "sign/authorization")[];
                /** @description The chains for which it is signed (EIP-155). */
                chain_ids?: number[];
                /** @description The kinds of effects. */
                kinds?: ("native_transfer" | "token_transfer" | "allowance" | "contract_call" | "contract_creation" | "delegation" | "message" | "hash_message" | "typed_data" | "network_fee")[];
                /** @description The recipient of a transfer, the contract that is called, or the delegate. */
                to?: string[];
                /** @description The asset of a transfer, an allowance or a fee. */
                tokens?: ("native" | string)[];
                /** @description The spender of an allowance. */
                spenders?: string[];
                /** @description The first four bytes of the data of a contract call. */
                selectors?: string[];
                /** @description The typed data (EIP-712) that is signed, regardless of its effects. */
                typed_data?: {
                    /** @description The contract of the domain. */
                    verifying_contracts?: string[];
                    /** @description The primary type. */
                    primary_types?: string[];
                };
                /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                max_amount?: string;
                /** @description Limits of what is spent within rolling windows. */
                windows?: {
                    seconds: number;
                    /** @description Decimal digits, in the smallest unit of the asset, at most 2^256 - 1. */
                    max_amount: string;
                }[];
                /** @description How long a signature and its allowance may be valid. */
                max_lifetime_seconds?: number;
            }[];
        };
        WrittenUserPolicyAnswer: {
            /** @example 1 */
            version: number;
            /**
             * @example [
             *       {
             *         "id": "payments",
             *         "effect": "allow",
             *         "chain_ids": [
             *           8453
             *         ],
             *         "kinds": [
             *           "token_transfer"
             *         ],
             *         "tokens": [
             *           "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
             *         ],
             *         "to": [
             *           "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
             *         ],
             *         "windows": [
             *           {
             *             "seconds": 86400,
             *             "max_amount": "5000000"
             *           }
             *         ]
             *       }
             *     ]
             */
            readonly rules: Record<string, never>[];
            /** Format: date-time */
            createdAt: string;
            /**
             * @description Probable mistakes in the rules of the request, in English sentences.
             * @example [
             *       "Rule \"payments\" allows no transaction: transactions need a rule for network_fee.",
             *       "Rule \"payments\" allows signatures that are valid for any time, and count in its windows until then: set max_lifetime_seconds, or name the methods for transactions only."
             *     ]
             */
            readonly warnings: string[];
        };
        ClientAnswer: {
            /** @example support-desk */
            name: string;
            /** @example wapi_9475418e37fa0338_ */
            readonly tokenPrefix: string;
            readonly scopes: ("wallets:read" | "wallets:write" | "wallets:sign" | "keys:read" | "stats:read" | "audit:read" | "policies:read" | "policies:write" | "clients:read" | "clients:write")[];
            /** @description It may sign with every wallet to which no policy applies. */
            unrestricted: boolean;
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policyId: string | null;
            /** @description Null: it may call from anywhere. */
            readonly allowedNetworks: string[] | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string | null;
            /** Format: date-time */
            revokedAt: string | null;
            /**
             * Format: date-time
             * @description Exact to the minute.
             */
            lastUsedAt: string | null;
            expired: boolean;
        };
        ClientPage: {
            data: components["schemas"]["ClientAnswer"][];
            /** @description Send it as cursor with the same filters. */
            next_cursor: string | null;
            has_more: boolean;
        };
        ClientBody: {
            /** @example support-desk */
            name: string;
            scopes: ("wallets:read" | "wallets:write" | "wallets:sign" | "keys:read" | "stats:read" | "audit:read" | "policies:read" | "policies:write" | "clients:read" | "clients:write")[];
            /**
             * @description Sign with wallets to which no policy applies. Needs wallets:sign.
             * @default false
             */
            unrestricted?: boolean;
            /**
             * Format: uuid
             * @description Its policy. Needs wallets:sign.
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policyId?: string | null;
            /**
             * @example 2027-02-28T00:00:00Z
             * @example 2027-02-28
             */
            expiresAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description Where it may call from. */
            allowedNetworks?: string[] | null;
        };
        CreatedClientAnswer: {
            /** @example support-desk */
            name: string;
            /** @example wapi_9475418e37fa0338_ */
            readonly tokenPrefix: string;
            readonly scopes: ("wallets:read" | "wallets:write" | "wallets:sign" | "keys:read" | "stats:read" | "audit:read" | "policies:read" | "policies:write" | "clients:read" | "clients:write")[];
            /** @description It may sign with every wallet to which no policy applies. */
            unrestricted: boolean;
            /**
             * Format: uuid
             * @example 7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11
             */
            policyId: string | null;
            /** @description Null: it may call from anywhere. */
            readonly allowedNetworks: string[] | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string | null;
            /** Format: date-time */
            revokedAt: string | null;
            /**
             * Format: date-time
             * @description Exact to the minute.
             */
            lastUsedAt: string | null;
            expired: boolean;
            /** @example wapi_9475418e37fa0338_3327-sWwdJoeyMHUfyqPiJlMKj3fNR50NcE_Ll52Si8 */
            readonly token: string;
        };
        RevokedClientAnswer: {
            /** @example support-desk */
            name: string;
            /** Format: date-time */
            revokedAt: string;
        };
        FoundWallet: {
            /** @example fid_1464243_ethereum */
            readonly id: string;
            /**
             * Format: int64
             * @example 1464243
             */
            fid: number;
            /** @enum {string} */
            chain: "ethereum" | "base-account";
            /** @enum {string} */
            type: "trading" | "base-account";
            /**
             * @description Null if the stored key does not decrypt. Do not deposit there.
             * @example 0x24e08CE165170235Ff6E27529b73f9933bCD74E2
             */
            readonly address: `0x${string}` | null;
            /** @description Whether the stored key decrypts. False needs an operator. A Base Account has no key and is true. */
            opened: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        WalletPage: {
            data: components["schemas"]["FoundWallet"][];
            /** @description Send it as cursor with the same filters. */
            next_cursor: string | null;
            has_more: boolean;
        };
        AuditEntry: {
            /** @description The position in the user's chain, a number as a string. */
            id: string;
            /**
             * Format: int64
             * @description 0: changes of policies and clients.
             * @example 1464243
             */
            fid: number;
            /** @enum {string} */
            chain: "ethereum" | "base-account";
            /** @enum {string} */
            action: "wallet.created" | "wallet.imported" | "base_account.set" | "key.read" | "key.refused" | "key.exported" | "key.resealed" | "message.signed" | "typed_data.signed" | "transaction.signed" | "authorization.signed" | "signing.refused" | "entries.archived" | "policy.changed" | "client.created" | "client.revoked";
            /** @example client:engine */
            actor: string;
            /** @example 203.0.113.7 */
            ip: string | null;
            reason: string | null;
            /** @description The X25519 public key that the key was encrypted to. */
            recipientPublicKey: string | null;
            /** @description The address of the created wallet, or of the stored Base Account. */
            address: string | null;
            /** @description What was signed or refused (method, chain_id, digest, effects, policies), which policy changed, or what an API client may do. An entry that the service did not write may have only `unreadable`, its text. */
            readonly details: Record<string, never> | null;
            requestId: string;
            /** Format: date-time */
            createdAt: string;
        };
        AuditPage: {
            data: components["schemas"]["AuditEntry"][];
            /** @description Send it as cursor with the same filters. */
            next_cursor: string | null;
            has_more: boolean;
        };
        FileCounts: {
            /** @description The wallet is also in PostgreSQL. */
            present: number;
            /** @description The wallet is only in the file. */
            missing: number;
            /** @description The file name is not valid. An import reports the file as invalid. */
            misnamed: number;
        };
        SecretUse: {
            /** @description Identifies the secret without revealing it. */
            keyId: string;
            /**
             * @description previous: this process can decrypt its keys. missing: it cannot.
             * @enum {string}
             */
            state: "current" | "previous" | "missing" | "retired";
            /** @description The number of keys that are encrypted with it. */
            wallets: number;
            /** Format: date-time */
            since: string;
        };
        StorageAnswer: {
            /** @enum {string} */
            storage: "postgres" | "filesystem" | "migrating";
            /** @description Null if the directory is not used. */
            files: components["schemas"]["FileCounts"] | null;
            /** @description The number of wallets that were imported from files. */
            imported: number;
            secrets: components["schemas"]["SecretUse"][];
        };
        WalletCount: {
            /** @enum {string} */
            type: "trading" | "base-account";
            /** @enum {string} */
            chain: "ethereum" | "base-account";
            count: number;
        };
        NewWallets: {
            /** Format: date */
            day: string;
            /** @enum {string} */
            type: "trading" | "base-account";
            /** @enum {string} */
            chain: "ethereum" | "base-account";
            count: number;
        };
        Deposits: {
            /** Format: date */
            day: string;
            chainId: number;
            asset: string;
            count: number;
            /**
             * @description The exact sum in whole units of the asset.
             * @example 1234.5
             */
            total: string;
            /**
             * @description The exact sum in its smallest unit.
             * @example 1234500000
             */
            totalUnits: string;
        };
        StatsAnswer: {
            /** Format: date */
            from: string;
            /** Format: date */
            to: string;
            users: number;
            wallets: components["schemas"]["WalletCount"][];
            newWallets: components["schemas"]["NewWallets"][];
            deposits: components["schemas"]["Deposits"][];
        };
        ServiceNetwork: {
            /** @example Base Mainnet */
            name: string;
            /** @example 8453 */
            chainId: number;
            /**
             * @description The contract of USDC.
             * @example 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913
             */
            usdc: `0x${string}`;
            /**
             * Format: uri
             * @description The block explorer of the network.
             * @example https://basescan.org
             */
            explorer: string;
        };
        MigrationState: {
            /** @description How many were applied. */
            applied: number;
            /**
             * @description The last one that was applied.
             * @example 0001_create_wallets
             */
            newest: string | null;
            /** @description Those that this version knows and the database lacks. */
            missing: string[];
        };
        PoolState: {
            /** @enum {string} */
            name: "primary" | "replica";
            inUse: number;
            max: number;
        };
        RateLimit: {
            /**
             * @description writes: what a user stores.
             * @enum {string}
             */
            per: "ip" | "user" | "client" | "writes";
            /** @description The number of requests. */
            amount: number;
            seconds: number;
        };
        AlarmCount: {
            /** @enum {string} */
            code: "database_unreachable" | "password_refused" | "too_many_connections" | "database_unavailable" | "migrations_missing" | "rights_missing" | "session_unfit" | "read_only" | "secret_mismatch" | "storage_unavailable" | "audit_log_blocked" | "database_damaged" | "database_went_back" | "key_unreadable" | "signature_mismatch" | "unhandled_exception";
            count: number;
        };
        StatusAnswer: {
            /** @example 1.0.0 */
            version: string;
            network: components["schemas"]["ServiceNetwork"];
            /** @enum {string} */
            storage: "postgres" | "filesystem" | "migrating";
            migrations: components["schemas"]["MigrationState"];
            pools: components["schemas"]["PoolState"][];
            limits: components["schemas"]["RateLimit"][];
            alarms: components["schemas"]["AlarmCount"][];
        };
        HealthAnswer: {
            /** @example ok */
            status: string;
            /** @example 1.0.0 */
            version: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The X-Request-Id of the request, or a new one. It is also logged. */
        "X-Request-Id": string;
        /** @description Quota (q) and window in seconds (w): `"ip";q=12000;w=60`. */
        "RateLimit-Policy": string;
        /** @description Remaining requests (r) in the next t seconds: `"ip";r=11999;t=42`. */
        RateLimit: string;
        /** @description Seconds to wait before a retry. */
        "Retry-After": number;
        /** @description The authentication scheme (RFC 6750). */
        "WWW-Authenticate": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    sign_in_get: {
        parameters: {
            query?: {
                /** @description The user's Base Account address, which is stored. */
                address?: `0x${string}`;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInAnswer"];
                };
            };
            /**
             * @description Invalid address format. Please check your input.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description Signing in is not possible right now. Please try again.
             *
             *     The service is not available right now. Nothing was lost; please try again.
             */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in_post: {
        parameters: {
            query?: {
                /** @description The user's Base Account address, which is stored. */
                address?: `0x${string}`;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInAnswer"];
                };
            };
            /**
             * @description Invalid address format. Please check your input.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description Signing in is not possible right now. Please try again.
             *
             *     The service is not available right now. Nothing was lost; please try again.
             */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deposit: {
        parameters: {
            query?: never;
            header?: {
                /** @description A retry with the same key returns the first response again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "asset": "USDC",
                 *       "amount": "20",
                 *       "baseAddress": "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
                 *     }
                 */
                "application/json": components["schemas"]["DepositBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepositAnswer"];
                };
            };
            /**
             * @description Invalid address format. Please check your input.
             *
             *     Invalid amount format. Please check your input.
             *
             *     Amount must be greater than zero
             *
             *     Unsupported asset. Only ETH and USDC are supported.
             *
             *     Base wallet address required. Please connect your wallet.
             *
             *     Base wallet mismatch. Please reconnect your wallet.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A request with this Idempotency-Key is still running. Try again in a moment. */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This Idempotency-Key was already used with a different request. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    payment_qr: {
        parameters: {
            query: {
                asset?: "USDC" | "ETH";
                amount: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": string;
                };
            };
            /**
             * @description Unsupported asset. Only ETH and USDC are supported.
             *
             *     Invalid amount format. Please check your input.
             *
             *     Amount must be greater than zero
             *
             *     Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    primary: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PrimaryWalletAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    primary_with_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportedWalletAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service does not return private keys. */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    user_wallets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WalletListAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_user_wallet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "chain": "ethereum"
                 *     }
                 */
                "application/json": components["schemas"]["CreateWalletBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedWalletAnswer"];
                };
            };
            /**
             * @description Unsupported chain. Only ethereum is supported.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_own_deposits: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepositPage"];
                };
            };
            /**
             * @description Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_own_deposit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordedDeposit"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such deposit. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deposits: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DepositPage"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_deposit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordedDeposit"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such deposit. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_deposit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The depositId of a prepared deposit. */
                deposit_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecordedDeposit"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such deposit. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fallback_wallet_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FallbackWalletStatusAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_fallback_wallet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FallbackWalletAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_wallets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceWalletList"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_wallet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                chain: "ethereum" | "base-account";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceWallet"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ensure_wallet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The wallet already existed. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceWallet"];
                };
            };
            /** @description The wallet was created. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceWallet"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "sign swap 8c1f"
                 *     }
                 */
                "application/json": components["schemas"]["KeyBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     The recipient's public key must be an X25519 key: 32 bytes in base64url, without padding.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This service signs and does not return private keys. Use the routes that sign.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_message: {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "message": "Sign in to example.com",
                 *       "reason": "sign in"
                 *     }
                 */
                "application/json": components["schemas"]["MessageBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignatureAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description No policy allows this signature.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This Idempotency-Key was already used with a different request. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_typed_data: {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "chainId": 8453,
                 *       "typedData": {
                 *         "types": {
                 *           "Permit": [
                 *             {
                 *               "name": "owner",
                 *               "type": "address"
                 *             },
                 *             {
                 *               "name": "spender",
                 *               "type": "address"
                 *             },
                 *             {
                 *               "name": "value",
                 *               "type": "uint256"
                 *             },
                 *             {
                 *               "name": "nonce",
                 *               "type": "uint256"
                 *             },
                 *             {
                 *               "name": "deadline",
                 *               "type": "uint256"
                 *             }
                 *           ]
                 *         },
                 *         "primaryType": "Permit",
                 *         "domain": {
                 *           "name": "USD Coin",
                 *           "version": "2",
                 *           "chainId": 8453,
                 *           "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
                 *         },
                 *         "message": {
                 *           "owner": "0x24e08CE165170235Ff6E27529b73f9933bCD74E2",
                 *           "spender": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
                 *           "value": "20000000",
                 *           "nonce": 0,
                 *           "deadline": 1798761600
                 *         }
                 *       },
                 *       "reason": "swap 8c1f"
                 *     }
                 */
                "application/json": components["schemas"]["TypedDataBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignatureAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description No policy allows this signature.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This Idempotency-Key was already used with a different request. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_transaction: {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "chainId": 8453,
                 *       "transaction": {
                 *         "type": "0x2",
                 *         "nonce": "0x0",
                 *         "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
                 *         "value": "0x5af3107a4000",
                 *         "gas": "0x5208",
                 *         "maxFeePerGas": "0x77359400",
                 *         "maxPriorityFeePerGas": "0xf4240"
                 *       },
                 *       "reason": "swap 8c1f"
                 *     }
                 */
                "application/json": components["schemas"]["TransactionBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedTransactionAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description No policy allows this signature.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This Idempotency-Key was already used with a different request. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_authorization: {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. A reason in the body takes precedence. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                chain: "ethereum";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "chainId": 8453,
                 *       "authorization": {
                 *         "chainId": "0x2105",
                 *         "address": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
                 *         "nonce": "0x0"
                 *       },
                 *       "reason": "upgrade 7d02"
                 *     }
                 */
                "application/json": components["schemas"]["AuthorizationBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedAuthorizationAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Unsupported chain. Only ethereum is supported.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description No policy allows this signature.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This Idempotency-Key was already used with a different request. */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    preview_signature: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "chainId": 8453,
                 *       "transaction": {
                 *         "type": "0x2",
                 *         "nonce": "0x0",
                 *         "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
                 *         "value": "0x5af3107a4000",
                 *         "gas": "0x5208",
                 *         "maxFeePerGas": "0x77359400",
                 *         "maxPriorityFeePerGas": "0xf4240"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["PreviewBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreviewAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This user has no such wallet. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rpc: {
        parameters: {
            query?: never;
            header?: {
                /** @description Printable ASCII text for the audit log. */
                "X-Reason"?: string;
                /** @description A retry with the same key returns the same signature, and is not recorded again. It belongs to the client, the user and what is signed. In a batch, each position has a key of its own. */
                "Idempotency-Key"?: string;
            };
            path: {
                fid: number;
                /** @description The chain to sign for, or to read. */
                chain_id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "jsonrpc": "2.0",
                 *       "id": 1,
                 *       "method": "eth_accounts",
                 *       "params": []
                 *     }
                 */
                "application/json": unknown;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Present if this is the response to an earlier request. */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        jsonrpc: "2.0";
                        id: string | number | null;
                        /** @description Absent after an error. */
                        result?: unknown;
                        /** @description Codes of EIP-1474; 4100 (EIP-1193) if no policy allows the signature, or if the client was revoked during a batch. */
                        error?: {
                            code: number;
                            message: string;
                            /** @description Of our own errors an object: request_id, code, and field (the JSON path of what is wrong). */
                            data?: unknown;
                        };
                    } | {
                        /** @constant */
                        jsonrpc: "2.0";
                        id: string | number | null;
                        /** @description Absent after an error. */
                        result?: unknown;
                        /** @description Codes of EIP-1474; 4100 (EIP-1193) if no policy allows the signature, or if the client was revoked during a batch. */
                        error?: {
                            code: number;
                            message: string;
                            /** @description Of our own errors an object: request_id, code, and field (the JSON path of what is wrong). */
                            data?: unknown;
                        };
                    }[];
                };
            };
            /** @description All requests were notifications. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     Idempotency-Key must be 1 to 255 visible ASCII characters.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_policies: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPage"];
                };
            };
            /**
             * @description Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    store_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the version to replace. If it is not the current one: 412. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "pay up to 5 USDC a day",
                 *       "rules": [
                 *         {
                 *           "id": "payments",
                 *           "effect": "allow",
                 *           "chain_ids": [
                 *             8453
                 *           ],
                 *           "kinds": [
                 *             "token_transfer"
                 *           ],
                 *           "tokens": [
                 *             "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
                 *           ],
                 *           "to": [
                 *             "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
                 *           ],
                 *           "windows": [
                 *             {
                 *               "seconds": 86400,
                 *               "max_amount": "5000000"
                 *             }
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["PolicyBody"];
            };
        };
        responses: {
            /** @description The newest version of the policy. */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WrittenPolicyAnswer"];
                };
            };
            /** @description A new policy. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WrittenPolicyAnswer"];
                };
            };
            /**
             * @description This policy is not valid.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description If-Match does not name the current version. Read the resource again. */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    policy_schema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policy_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_policy_versions: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                policy_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPage"];
                };
            };
            /**
             * @description Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dry_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fid": 1464243,
                 *       "chainId": 8453,
                 *       "transaction": {
                 *         "type": "0x2",
                 *         "nonce": "0x0",
                 *         "to": "0x78547fc07fdc8aac05e53b034e510b276a5ba384",
                 *         "value": "0x5af3107a4000",
                 *         "gas": "0x5208",
                 *         "maxFeePerGas": "0x77359400",
                 *         "maxPriorityFeePerGas": "0xf4240"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["DryRunBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DryRunAnswer"];
                };
            };
            /**
             * @description This policy is not valid.
             *
             *     This request cannot be signed.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This user has no such wallet.
             *
             *     There is no such API client.
             */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_wallet_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    assign_wallet_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the version to replace. If it is not the current one: 412. */
                "If-Match"?: string;
            };
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "policyId": "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"
                 *     }
                 */
                "application/json": components["schemas"]["AssignmentBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssignmentAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description If-Match does not name the current version. Read the resource again. */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_wallet_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the version to replace. If it is not the current one: 412. */
                "If-Match"?: string;
            };
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No policy is assigned to the wallet. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description If-Match does not name the current version. Read the resource again. */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_effective_policy: {
        parameters: {
            query?: {
                /** @description The API client that would sign. Default: the client's layer is left out. */
                client?: string;
            };
            header?: never;
            path: {
                fid: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EffectivePolicyAnswer"];
                };
            };
            /**
             * @description FID must be an integer from 1 to 9223372036854775807.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such API client. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_own_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserPolicyAnswer"];
                };
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_own_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the version to replace. If it is not the current one: 412. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rules": [
                 *         {
                 *           "id": "payments",
                 *           "effect": "allow",
                 *           "chain_ids": [
                 *             8453
                 *           ],
                 *           "kinds": [
                 *             "token_transfer"
                 *           ],
                 *           "tokens": [
                 *             "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"
                 *           ],
                 *           "to": [
                 *             "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
                 *           ],
                 *           "windows": [
                 *             {
                 *               "seconds": 86400,
                 *               "max_amount": "5000000"
                 *             }
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["RulesBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The version, in quotes. For the policy of a wallet: the versions of the assignment and of the policy, with a dot between them. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WrittenUserPolicyAnswer"];
                };
            };
            /**
             * @description This policy is not valid.
             *
             *     This service never accepts a seed phrase. Never share it.
             *
             *     Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description If-Match does not name the current version. Read the resource again. */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_own_policy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the version to replace. If it is not the current one: 412. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user has set no rules. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description Base Account (FID) required
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description If-Match does not name the current version. Read the resource again. */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_clients: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientPage"];
                };
            };
            /**
             * @description Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_client: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "support-desk",
                 *       "scopes": [
                 *         "wallets:read",
                 *         "audit:read"
                 *       ],
                 *       "allowedNetworks": [
                 *         "10.1.0.0/16"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ClientBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedClientAnswer"];
                };
            };
            /**
             * @description This service never accepts a seed phrase. Never share it.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This service does not create API clients. Use the command wallet-api clients create.
             *
             *     This API client may not create a client with these scopes or limits.
             *
             *     This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such policy. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This name is or was in use. Choose another one. */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body must be JSON (Content-Type: application/json). */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_client: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                client_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevokedClientAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such API client. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_wallets: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
                /** @description In upper, lower or mixed case. */
                address?: `0x${string}`;
                /** @description The beginning of an address, in upper, lower or mixed case. */
                addressPrefix?: string;
                fid?: number;
                type?: "trading" | "base-account";
                chain?: "ethereum" | "base-account";
                /** @description Inclusive start of the range. */
                createdAfter?: string | unknown | unknown;
                /** @description Exclusive end of the range, later than `createdAfter`. */
                createdBefore?: string | unknown | unknown;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WalletPage"];
                };
            };
            /**
             * @description Invalid address format. Please check your input.
             *
             *     These filters cannot be combined.
             *
             *     Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Wallets are stored in files. Search and statistics need wallets in the database. */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_audit_entries: {
        parameters: {
            query?: {
                /** @description The maximum number of items. */
                limit?: number;
                /** @description The next_cursor of the previous page. */
                cursor?: string;
                /** @description 0: changes of policies and clients. */
                fid?: number;
                /** @description An action, or several, separated by commas. */
                action?: string;
                /** @description user:<fid>, client:<name> or cli:<account>. */
                actor?: string;
                /** @description The X-Request-Id of a request. An id that the service did not make also needs fid, or after and before at most 7 days apart. */
                request_id?: string;
                /** @description Inclusive start of the range. */
                after?: string | unknown | unknown;
                /** @description Exclusive end of the range, later than `after`. */
                before?: string | unknown | unknown;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The next page (rel="next"). */
                    Link?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /**
             * @description These filters cannot be combined.
             *
             *     Invalid cursor, or a cursor of other filters. Start without a cursor.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    storage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StorageAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stats: {
        parameters: {
            query?: {
                /** @description The first day (UTC). Default: 29 days before the last day. */
                from?: string;
                /** @description The last day (UTC), inclusive. Default: today. */
                to?: string;
            };
            header?: {
                /** @description The ETag of an earlier response. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description The value for If-None-Match. */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatsAnswer"];
                };
            };
            /** @description Not changed since the response with this ETag. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description These filters cannot be combined.
             *
             *     The request is not valid.
             */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Wallets are stored in files. Search and statistics need wallets in the database. */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description This API client lacks the required scope.
             *
             *     This API client may not call from this network.
             */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                    "text/plain": string;
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Sign in again: the token is missing, expired or not valid. */
            401: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This path does not exist. */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description The request is not valid. */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is too large. */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests. Please wait a moment and try again. */
            429: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service is not available right now. Nothing was lost; please try again. */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Retry-After": components["headers"]["Retry-After"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
