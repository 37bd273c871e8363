using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Hosting.Transport;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Hosting;

/// <summary>
/// One request and its answer, from the moment the header section is complete until the answer is sent: the way to
/// Kestrel's features, what routing found out, and what the request log will say. One per connection (per stream in
/// HTTP/2), used again for the next request; nothing may hold on to it after the request.
/// </summary>
public sealed class Exchange
{
    private static readonly StringValues Close = "close";

    private RequestApplication _application = null!;
    private DefaultHttpContext? _http;
    private bool _httpIsCurrent;
    private string? _transactionText;

    // What the last request of this connection looked like: the next one mostly looks the same.
    private string? _lastTarget, _lastHost;
    private RouteTable? _lastRoutes;
    private HostName _host;

    /// <summary>The ASP.NET view of this request. Convenient; on the hot path prefer the fields here.</summary>
    public HttpContext Http
    {
        get
        {
            _http ??= new DefaultHttpContext();
            if (!_httpIsCurrent)
            {
                _http.Initialize(Features);
                _httpIsCurrent = true;
            }

            return _http;
        }
    }

    /// <summary>Kestrel's features of this request.</summary>
    public IFeatureCollection Features { get; private set; } = null!;

    /// <summary>Request line and headers as Kestrel parsed them.</summary>
    public IHttpRequestFeature Request { get; private set; } = null!;

    /// <summary>Status and headers of the answer.</summary>
    public IHttpResponseFeature Response { get; private set; } = null!;

    /// <summary>The answer's body.</summary>
    public IHttpResponseBodyFeature ResponseBody { get; private set; } = null!;

    /// <summary>The method, upper case as it came.</summary>
    public string Method { get; private set; } = "";

    /// <summary>
    /// The request's path, percent-decoded once and free of dot segments, beginning with <c>/</c>. Each char is one byte
    /// of the decoded path (PEP 3333's "bytes as latin-1"), so that a path in any encoding passes through unharmed. This
    /// one form is what routing, access rules and apps see.
    /// </summary>
    public string Path { get; internal set; } = "/";

    /// <summary>The query without its <c>?</c>, as it came; empty when there is none.</summary>
    public string Query { get; internal set; } = "";

    /// <summary>
    /// The host the client asked for, lower case, without port; from the absolute-form target, :authority or Host.
    /// Empty for an HTTP/1.0 request without one.
    /// </summary>
    public string Host { get; internal set; } = "";

    /// <summary>The port the client asked for, or the port of <see cref="Scheme"/>'s default when Host names none.</summary>
    public int HostPort { get; internal set; }

    /// <summary><c>http</c> or <c>https</c>, as the client sees it (a trusted proxy's word is believed).</summary>
    public string Scheme { get; internal set; } = "http";

    /// <summary>The client's address (a trusted proxy's word is believed).</summary>
    public string RemoteAddress { get; internal set; } = "";

    /// <summary>The client's port; 0 when only a proxy's word tells the client.</summary>
    public int RemotePort { get; internal set; }

    /// <summary><see cref="System.Diagnostics.Stopwatch"/> time at which the header section was complete.</summary>
    public long StartedAt { get; internal set; }

    /// <summary>
    /// <see cref="System.Diagnostics.Stopwatch"/> time at which the answer's header section was given to Kestrel; 0 before.
    /// Parts handling time from sending time in the request log.
    /// </summary>
    public long AnsweredAt { get; private set; }

    /// <summary>Bytes of request body read so far. Whoever reads the body counts here.</summary>
    public long BytesReceived { get; set; }

    /// <summary>Bytes of response body written so far. Whoever writes the body counts here.</summary>
    public long BytesSent { get; set; }

    /// <summary>The transaction's id across services: <c>GTID-5f2a9c01-C3-R8</c>, or the one that came in X-Gtxn-Id.</summary>
    public string GlobalTransactionId => _transactionText ??= Transaction.ToString();

    /// <summary>The transaction's id in this service: 1000 on the first hop, a thousand more on each further one.</summary>
    public int LocalTransactionId { get; internal set; }

    /// <summary>Who the request is from, for the log; null = unknown.</summary>
    public string? User { get; set; }

    /// <summary>A fingerprint of the token it carried, for the log; null = none.</summary>
    public string? Token { get; set; }

    /// <summary>Cancelled when the client is gone. Asking for it costs; ask only where something waits.</summary>
    public CancellationToken ClientGone => Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;

    /// <summary>Whether the request came over HTTP/2.</summary>
    public bool IsHttp2 => Connection.IsHttp2;

    /// <summary>Over HTTP/2: the answer's body, with what it knows of the client; otherwise null.</summary>
    internal Http2Body? Http2Body { get; private set; }

    /// <summary>How much of a body shall be handed over at a time, in bytes: little where each client has many streams.</summary>
    internal int Piece => Http2Body?.Piece ?? 64 * 1024;

    /// <summary>Cancelled when the instance begins to end: what would never end by itself should.</summary>
    internal CancellationToken Draining => _application.Draining;

    /// <summary>The connection it came on.</summary>
    internal ClientConnection Connection { get; private set; } = null!;

    /// <summary>Its transaction id, not yet text.</summary>
    internal TransactionId Transaction { get; private set; }

    /// <summary>The Host header as it came, for the log; empty when there was none.</summary>
    internal string HostHeader { get; private set; } = "";

    /// <summary>The virtual host that answers to <see cref="Host"/>; null = none does.</summary>
    internal VirtualHost? VirtualHost { get; private set; }

    /// <summary>The client's address and port, for the log.</summary>
    internal byte[] ClientText { get; private set; } = [];

    /// <summary>
    /// For the log: the member of a cluster that answered or, where none did, was asked last (<c>@users/127.0.0.1:5001</c>);
    /// <see cref="Caching.SharedCache.LogName"/>; null = neither.
    /// </summary>
    internal byte[]? AnsweredBy { get; set; }

    /// <summary>What forwards its requests to clusters, made with the first one; kept for the next.</summary>
    internal ForwardedRequest? Forwarded { get; set; }

    /// <summary>Whether a request is in it now.</summary>
    internal bool IsActive { get; private set; }

    /// <summary>
    /// Whoever answers says so, before the first byte goes out. While the instance
    /// drains, the answer becomes the last of its connection.
    /// </summary>
    public void BeginAnswer()
    {
        AnsweredAt = Stopwatch.GetTimestamp();
        if (_application.IsDraining && !IsHttp2)
        {
            Response.Headers.Connection = Close;
        }
    }

    /// <summary>
    /// Cuts the request off: the connection over HTTP/1.1, the stream over HTTP/2. For a client that is gone or takes
    /// nothing, and for an answer that cannot have its proper end. An HTTP/1.0 client's answer without a length ends with its
    /// connection: there only a reset tells that it is not whole.
    /// </summary>
    public void Abort()
    {
        if (!IsHttp2 && Request.Protocol == "HTTP/1.0" && Response.Headers.ContentLength is null
            && Features.Get<IConnectionSocketFeature>() is SocketConnection connection)
        {
            connection.Reset();
        }

        Features.Get<IHttpRequestLifetimeFeature>()?.Abort();
    }

    /// <summary>Takes up the next request of the connection.</summary>
    internal void Begin(IFeatureCollection features, RequestApplication application)
    {
        _application = application;
        if (!ReferenceEquals(features, Features))
        {
            Features = features;
            Connection = features.GetRequiredFeature<ClientConnection>();
        }

        Request = features.GetRequiredFeature<IHttpRequestFeature>();
        Response = features.GetRequiredFeature<IHttpResponseFeature>();
        ResponseBody = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        if (Connection.IsHttp2)
        {
            Http2Body ??= new Http2Body(new StreamWatch(application.Patience, application.Time));
            Http2Body.Begin(features, ResponseBody);
            ResponseBody = Http2Body;
        }

        Method = Request.Method;
        Scheme = Connection.IsTls ? "https" : "http";
        RemoteAddress = Connection.RemoteAddress;
        RemotePort = Connection.RemotePort;
        ClientText = Connection.Text;
        HostHeader = "";
        AnsweredAt = 0;
        BytesReceived = 0;
        BytesSent = 0;
        User = null;
        Token = null;
        AnsweredBy = null;
        Transaction = new TransactionId(null, Connection.Id, Connection.NextRequest());
        LocalTransactionId = 1000;
        _transactionText = null;
        _httpIsCurrent = false;
        IsActive = true;
    }

    /// <summary>Lets go of the request.</summary>
    internal void End()
    {
        IsActive = false;
        if (_httpIsCurrent)
        {
            _http!.Uninitialize();
            _httpIsCurrent = false;
        }
    }

    /// <summary>Finds out path and query.</summary>
    /// <returns>False when the target is not valid.</returns>
    internal bool TakeTarget(string target)
    {
        if (string.Equals(target, _lastTarget, StringComparison.Ordinal))
        {
            return true;
        }

        _lastTarget = null;
        if (!RequestTarget.TryParse(target, out var path, out var query))
        {
            return false;
        }

        Path = path;
        Query = query;
        _lastTarget = target;
        return true;
    }

    /// <summary>Finds out host, port and virtual host.</summary>
    /// <returns>False when it is not a host.</returns>
    internal bool TakeHost(string header, RouteTable routes)
    {
        HostHeader = header;
        if (!string.Equals(header, _lastHost, StringComparison.Ordinal) || routes != _lastRoutes)
        {
            _lastHost = null;
            _lastRoutes = routes;
            var host = new HostName("", 0);
            if (header.Length > 0 && !HostName.TryParse(header, out host))
            {
                return false;
            }

            _host = host;
            VirtualHost = routes.Find(host.Name);
            _lastHost = header;
        }

        Host = _host.Name;
        HostPort = _host.Port > 0 ? _host.Port : Scheme == "https" ? 443 : 80;
        return true;
    }

    /// <summary>A trusted proxy says who its client is.</summary>
    internal void TakeForwardedClient(IPAddress address)
    {
        RemoteAddress = address.ToString();
        RemotePort = 0;
        ClientText = Encoding.ASCII.GetBytes(RemoteAddress + ":0");
    }

    /// <summary>Takes up the transaction of a calling service.</summary>
    internal void TakeTransaction(string? global, int local)
    {
        Transaction = new TransactionId(global, Connection.Id, 0);
        LocalTransactionId = local;
    }
}
