namespace Skitaid.Commands;

/// <summary>What was typed after <c>skitaid</c>, taken apart.</summary>
internal sealed record CommandLine
{
    /// <summary>The command; <c>start</c> when none was typed.</summary>
    public string Command { get; private init; } = "start";

    /// <summary>The words that belong to no option.</summary>
    public IReadOnlyList<string> Arguments { get; private init; } = [];

    private Dictionary<string, List<string>> Options { get; init; } = [];

    /// <summary>The last value given for an option; null = not given.</summary>
    public string? this[string option] => Options.TryGetValue(option, out var values) ? values[^1] : null;

    /// <summary>Whether an option was given.</summary>
    public bool Has(string option) => Options.ContainsKey(option);

    /// <summary>All values given for an option, in order.</summary>
    public IReadOnlyList<string> All(string option) => Options.TryGetValue(option, out var values) ? values : [];

    /// <summary>Takes a command line apart.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        string? command = null;
        List<string> arguments = [];
        Dictionary<string, List<string>> options = [];
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word.Length < 2 || word[0] != '-')
            {
                if (command is null)
                {
                    command = CommandNames.Resolve(word);
                }
                else
                {
                    arguments.Add(word);
                }

                continue;
            }

            var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
            var typed = equals < 0 ? word : word[..equals];
            var option = OptionNames.Find(typed) ?? throw new UsageException($"unknown option '{typed}'" + NearestName.Suggest(typed, OptionNames.Long));
            string value;
            if (!option.TakesValue)
            {
                value = equals < 0 ? "" : throw new UsageException($"{typed} takes no value");
            }
            else if (equals >= 0)
            {
                value = word[(equals + 1)..];
            }
            else
            {
                value = ++i < words.Count ? words[i] : throw new UsageException($"{typed} needs a value: {typed} {option.ValueName}");
            }

            (options.TryGetValue(option.Name, out var values) ? values : options[option.Name] = []).Add(value);
        }

        var line = new CommandLine { Command = command ?? "start", Arguments = arguments, Options = options };
        line.Check();
        return line;
    }

    private void Check()
    {
        foreach (var name in Options.Keys)
        {
            var option = OptionNames.Find(name)!;
            if (option.Commands.Length > 0 && !option.Commands.Contains(Command))
            {
                throw new UsageException($"{name} belongs to {string.Join(" and ", option.Commands.Select(command => $"'{command}'"))}, not to '{Command}'");
            }
        }

        var most = Command switch { "run" or "explain" or "help" or "purge" => 1, "member" => 3, _ => 0 };
        if (Arguments.Count > most)
        {
            throw new UsageException(
                CommandNames.All.Contains(Arguments[most])
                    ? $"one command at a time: '{Command}' or '{Arguments[most]}'"
                    : $"'{Command}' takes {most switch { 0 => "no argument", 1 => "one argument", _ => $"{most} arguments" }}, so what is '{Arguments[most]}'? (-f NAME names an instance)");
        }
    }
}
