using System.Text;
using System.Text.Json;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid -f NAME member</c>: the members of an instance's clusters, and draining one by hand.</summary>
internal static class MemberCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly string[] Words = ["drain", "up"];

    /// <summary>Lists them, or gives the order.</summary>
    public static Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        var name = line[OptionNames.Name] ?? throw new UsageException("member needs an instance: skitaid -f NAME member");
        LaterNames.Refuse(name);
        var places = Places.Find(line);
        if (line.Arguments is [])
        {
            return ListAsync(line, places, name, null, cancellation);
        }

        var cluster = line.Arguments[0].StartsWith('@') ? line.Arguments[0] : "@" + line.Arguments[0];
        if (line.Arguments is [_])
        {
            return ListAsync(line, places, name, cluster, cancellation);
        }

        var member = new MemberName(cluster, line.Arguments[1]);
        var word = line.Arguments.Count == 3 ? line.Arguments[2] : "";
        if (!Words.Contains(word))
        {
            var said = word.Length == 0 ? $"what is to become of {member.Member}" : $"'{word}' is not what can become of {member.Member}";
            throw new UsageException($"{said}: skitaid -f {name} member {cluster} {member.Member} drain, or up");
        }

        if (line.Has(OptionNames.Wait) && word != "drain")
        {
            throw new UsageException("--wait waits for a drained member to have nothing in hand: it belongs to 'drain'");
        }

        return OrderAsync(line, places, name, new MemberOrder(member, Drained: word == "drain"), cancellation);
    }

    private static async Task<int> ListAsync(CommandLine line, DaemonPlaces places, string name, string? cluster, CancellationToken cancellation)
    {
        var reply = await DaemonCommands.AskAsync(places, new ControlRequest(ControlRequest.Status, name), isQuick: true, cancellation);
        if (reply?.Status is not { Instances: [{ } instance] })
        {
            return await DaemonCommands.TellAsync(reply);
        }

        if (instance.Figures is not { } figures)
        {
            await Console.Error.WriteLineAsync($"{name}: no process of it answers: it is {instance.State}");
            return ExitCodes.Failed;
        }

        var clusters = figures.Clusters.Where(one => cluster is null || one.Name == cluster).ToArray();
        if (clusters.Length == 0)
        {
            await Console.Error.WriteLineAsync(cluster is null
                ? $"{name} has no clusters"
                : $"{name}: {MissingName.Of("cluster", cluster, figures.Clusters.Select(one => one.Name))}");
            return ExitCodes.Failed;
        }

        if (line.Has(OptionNames.Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(clusters, ControlJson.CreateIndented().ClusterFiguresArray));
            return ExitCodes.Done;
        }

        var text = new StringBuilder();
        foreach (var one in clusters)
        {
            ClusterText.Append(text, one, Terminal.HasColours);
        }

        await Console.Out.WriteAsync(text.ToString());
        return ExitCodes.Done;
    }

    private static async Task<int> OrderAsync(CommandLine line, DaemonPlaces places, string name, MemberOrder order, CancellationToken cancellation)
    {
        var request = new ControlRequest(ControlRequest.Member, name, MemberOrder: order);
        var reply = await DaemonCommands.AskAsync(places, request, isQuick: true, cancellation);
        var exit = await DaemonCommands.TellAsync(reply);
        if (exit != ExitCodes.Done || !line.Has(OptionNames.Wait) || reply!.InHand is 0)
        {
            return exit;
        }

        request = request with { MemberOrder = order with { Drained = null } };
        while (reply is { ExitCode: ExitCodes.Done, InHand: > 0 })
        {
            await Task.Delay(Pause, cancellation);
            reply = await DaemonCommands.AskAsync(places, request, isQuick: true, cancellation);
        }

        return await DaemonCommands.TellAsync(reply);
    }
}
