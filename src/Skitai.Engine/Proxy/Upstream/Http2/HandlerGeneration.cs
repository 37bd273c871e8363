using System.Net;
using System.Text;

namespace Skitai.Engine.Proxy.Upstream.Http2;

/// <summary>
/// The HTTP/2 client itself, for a limited number of names: over TLS it keeps connections for each Host apart, and who
/// asks for a thousand names must not get a thousand connections. The next names get another generation; this one goes
/// when its last answer is disposed of.
/// </summary>
internal sealed class HandlerGeneration
{
    private const int MostNames = 32;

    private readonly HashSet<string> _names = new(StringComparer.OrdinalIgnoreCase);
    private readonly bool _isSecure;
    private int _uses;
    private bool _isRetired;

    /// <summary>Makes one.</summary>
    /// <param name="dial">Opens a connection.</param>
    /// <param name="isSecure">Whether over TLS.</param>
    public HandlerGeneration(Func<CancellationToken, ValueTask<Stream>> dial, bool isSecure)
    {
        _isSecure = isSecure;
        var handler = new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = (_, cancellation) => dial(cancellation),
            ConnectTimeout = Timeout.InfiniteTimeSpan, // It is the dialer's to keep.
            EnableMultipleHttp2Connections = true,
            Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            MaxResponseHeadersLength = 64,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            UseCookies = false,
            UseProxy = false,
        };
        Invoker = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    /// <summary>What sends.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <summary>Takes part in it for one request. Under its owner's lock.</summary>
    /// <returns>False when it has names enough.</returns>
    public bool TryUse(string authority)
    {
        if (_isSecure && !_names.Contains(authority))
        {
            if (_names.Count >= MostNames)
            {
                return false;
            }

            _names.Add(authority);
        }

        _uses++;
        return true;
    }

    /// <summary>No more requests. Under the lock.</summary>
    /// <returns>Whether it is to be disposed of now.</returns>
    public bool Retire()
    {
        _isRetired = true;
        return _uses == 0;
    }

    /// <summary>A request is done. Under the lock.</summary>
    /// <returns>Whether it is to be disposed of now.</returns>
    public bool Leave() => --_uses == 0 && _isRetired;
}
