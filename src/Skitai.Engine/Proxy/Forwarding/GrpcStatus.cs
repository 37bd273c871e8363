using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// How a gRPC call ends whose answer has begun and cannot be had to its end: with a status in its trailers, as a server in
/// trouble says it. A stream that is only reset reads as INTERNAL, a bug, for which no client tries again.
/// </summary>
internal static class GrpcStatus
{
    /// <summary>RESOURCE_EXHAUSTED.</summary>
    public const string ResourceExhausted = "8";

    /// <summary>UNAVAILABLE.</summary>
    public const string Unavailable = "14";

    /// <summary>Puts the status into the trailers; the answer then ends as any other.</summary>
    /// <param name="exchange">Its answer's head was taken from the member.</param>
    /// <param name="status">The number of a status that is not OK: whatever came before does not count as whole.</param>
    /// <param name="reason">Why, in ASCII without '%'.</param>
    /// <returns>False when it is no such call: nothing was done.</returns>
    public static bool TryEnd(Exchange exchange, string status, string reason)
    {
        if (!exchange.IsHttp2 || !IsGrpc(exchange.Response.Headers.ContentType.ToString()) || exchange.Response.Headers.ContentLength is not null
            || exchange.Features.Get<IHttpResponseTrailersFeature>() is not { Trailers: { IsReadOnly: false } trailers })
        {
            return false;
        }

        trailers["grpc-status"] = status;
        trailers["grpc-message"] = reason;
        return true;
    }

    /// <summary>gRPC-Web is none: its trailers are part of its body.</summary>
    private static bool IsGrpc(string type)
    {
        const string Plain = "application/grpc";
        return type.StartsWith(Plain, StringComparison.OrdinalIgnoreCase) && (type.Length == Plain.Length || type[Plain.Length] is '+' or ';');
    }
}
