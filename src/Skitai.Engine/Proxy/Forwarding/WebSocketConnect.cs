using System.Security.Cryptography;
using System.Text;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// Turns a WebSocket's opening over HTTP/2 (extended CONNECT, RFC 8441) into one over HTTP/1.1 (RFC 6455 section 4), which
/// every member understands, and its answer back. The frames are the same in both.
/// </summary>
internal static class WebSocketConnect
{
    private const string Key = "Sec-WebSocket-Key", Accept = "Sec-WebSocket-Accept";

    /// <summary>Makes the request one to be upgraded.</summary>
    public static void Translate(MemberRequest request)
    {
        request.Method = "GET";
        request.Upgrade = "websocket";
        request.Headers.Set(Key, Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
    }

    /// <summary>
    /// Whether it is an answer that can go back: the member agreed, or it refused. Success without an upgrade is neither, and
    /// would open the WebSocket in HTTP/2. What has no meaning there is taken out.
    /// </summary>
    public static bool IsProper(MemberRequest request, MemberAnswer answer)
    {
        if (answer.Status != 101)
        {
            return answer.Status >= 300;
        }

        // SHA-1 is what RFC 6455 section 4.2.2 asks for; nothing is kept secret by it.
#pragma warning disable CA5350
        var proof = SHA1.HashData(Encoding.ASCII.GetBytes(request.Headers.Find(Key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
        var accepted = answer.Headers.Find(Accept) == Convert.ToBase64String(proof);
        answer.Headers.Remove(Accept);
        answer.Headers.Remove("Upgrade");
        return accepted;
    }
}
