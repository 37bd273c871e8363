using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>A cluster at a path: hands requests to the best member at the time, and its answers to the client.</summary>
internal sealed class ClusterMount : Mount
{
    private readonly Cluster _cluster;
    private readonly TuneSettings _tune;
    private readonly Forwarder _forwarder;
    private readonly SharedCache? _cache;

    /// <summary>Mounts a cluster.</summary>
    /// <param name="path">The mount's path as the conf has it.</param>
    /// <param name="cluster">The cluster; belongs to the instance.</param>
    /// <param name="tune">Limits for the client's side.</param>
    /// <param name="logger">Hears of failures.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cache">The instance's cache; null = there is none.</param>
    public ClusterMount(string path, Cluster cluster, TuneSettings tune, ILogger logger, TimeProvider time, SharedCache? cache = null)
        : base(path)
    {
        (_cluster, _tune, _cache) = (cluster, tune, cache);
        _forwarder = new Forwarder(this, cluster, tune, logger, time);
    }

    /// <summary>The cluster.</summary>
    public Cluster Cluster => _cluster;

    /// <inheritdoc/>
    public override MountStatus GetStatus() => new(Path, "cluster") { Target = _cluster.Name };

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellation) => _cluster.StartAsync(cancellation);

    /// <inheritdoc/>
    public override bool SharesWith(Mount other) => other is ClusterMount mount && mount._cluster == _cluster;

    /// <inheritdoc/>
    public override Task WhenUnusedAsync(CancellationToken cancellation) => _cluster.WhenUnusedAsync(cancellation);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Whether it is what a conf asks for, so that it can go on.</summary>
    public bool Serves(string path, Cluster cluster, TuneSettings tune) => Path == path && _cluster == cluster && _tune == tune;

    /// <inheritdoc/>
    public override ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        _cluster.Entered();
        ValueTask answering;
        try
        {
            answering = AnswerAsync(exchange);
        }
        catch
        {
            _cluster.Left();
            throw;
        }

        if (!answering.IsCompletedSuccessfully)
        {
            return FinishAsync(answering);
        }

        answering.GetAwaiter().GetResult(); // for a pooled one to go back
        _cluster.Left();
        return ValueTask.FromResult(MountOutcome.Handled);
    }

    private ValueTask AnswerAsync(Exchange exchange)
    {
        if (exchange.LocalTransactionId > RequestFields.MostHops * 1000)
        {
            return _forwarder.RefuseLoopAsync(exchange);
        }

        return _cache is { IsOn: true } cache && _cluster.Settings.Cache ? cache.HandleAsync(exchange, _forwarder) : _forwarder.AnswerAsync(exchange, null);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MountOutcome> FinishAsync(ValueTask answering)
    {
        try
        {
            await answering;
            return MountOutcome.Handled;
        }
        finally
        {
            _cluster.Left();
        }
    }
}
