using System.Buffers;
using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitaid.Explaining;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid explain URL</c>: which instance, host and mount a request would meet, and why. Starts nothing.</summary>
internal static class ExplainCommand
{
    // RFC 9110 section 5.6.2.
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Explains it for each instance that it leads to.</summary>
    /// <returns>0 when something answers; 1 when nothing does, 2 for a broken conf.</returns>
    public static async Task<int> RunAsync(CommandLine line)
    {
        var asked = line.Arguments.Count > 0
            ? AskedUrl.Parse(line.Arguments[0])
            : throw new UsageException("explain needs a URL: skitaid explain http://127.0.0.1:5000/x; host/x and /x work, too");
        var method = line[OptionNames.Method] ?? "GET";
        if (method.Length == 0 || method.AsSpan().ContainsAnyExcept(Token))
        {
            throw new UsageException($"'{method}' is not a method");
        }

        var (instances, errors) = Read(new ConfTree(Places.Etc(line)), line[OptionNames.Name]);
        if (errors.Count > 0)
        {
            foreach (var error in errors)
            {
                await Console.Error.WriteLineAsync(error.ToString());
            }

            return ExitCodes.Usage;
        }

        var choice = ListenerChoice.Of(asked, instances);
        var explainer = new Explainer(TimeProvider.System);
        List<Explanation> explanations = [];
        foreach (var settings in choice.Instances)
        {
            explanations.Add(await explainer.ExplainAsync(settings, asked, method));
        }

        if (line.Has(OptionNames.Json))
        {
            await Console.Out.WriteLineAsync(ExplanationJson.Text(new ExplanationReport(choice.Problem, explanations)));
        }
        else
        {
            await Console.Out.WriteAsync(string.Join('\n', explanations.Select(explained => ExplanationText.Of(explained, Terminal.HasColours))));
            if (choice.Problem is not null)
            {
                await Console.Error.WriteLineAsync($"skitaid: {choice.Problem}");
            }
        }

        return explanations.Exists(explained => explained.Answers) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static (IReadOnlyList<InstanceSettings> Instances, IReadOnlyList<ConfError> Errors) Read(ConfTree tree, string? name)
    {
        DaemonSettings? daemon;
        IReadOnlyList<InstanceSettings> instances;
        IReadOnlyList<ConfError> errors;
        if (name is null)
        {
            var all = tree.ReadAll();
            (daemon, instances, errors) = (all.Daemon, all.Instances, all.Errors);
        }
        else
        {
            InstanceNames.Require(tree, name);
            (daemon, var daemonErrors) = tree.ReadDaemon();
            var (settings, confErrors) = tree.ReadInstance(name);
            (instances, errors) = (settings is null ? [] : [settings], [.. daemonErrors, .. confErrors]);
        }

        // A broken skitaid.conf is among the errors.
        return (daemon is null ? [] : [.. instances.Select(settings => TreeCheck.WithDefaults(settings, daemon))], errors);
    }
}
