using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// A client connection as the HTTP/2 endpoint sees it: the same bytes, but features of its own on top, since Kestrel
/// drives it a second time.
/// </summary>
internal sealed class HandedConnection(ConnectionContext outer) : ConnectionContext
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the HTTP/2 endpoint lets go of it.</summary>
    public Task Ended => _ended.Task;

    public override string ConnectionId
    {
        get => outer.ConnectionId;
        set => outer.ConnectionId = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection(outer.Features);

    public override IDictionary<object, object?> Items
    {
        get => outer.Items;
        set => outer.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => outer.Transport;
        set => outer.Transport = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => outer.ConnectionClosed;
        set => outer.ConnectionClosed = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => outer.LocalEndPoint;
        set => outer.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => outer.RemoteEndPoint;
        set => outer.RemoteEndPoint = value;
    }

    public override void Abort(ConnectionAbortedException abortReason) => outer.Abort(abortReason);

    public override ValueTask DisposeAsync()
    {
        _ended.TrySetResult();
        return base.DisposeAsync();
    }
}
