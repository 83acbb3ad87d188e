namespace ReWorker.Mutants.Defects;

/// <summary>The broker's address as a URI, and how connections are registered.</summary>
internal static class BrokerUriDefects
{
    public static DefectTable Table { get; } = new("Wire/Connections", ["BrokerUriTests", "BrokerOptionsTests"],
    [
        new("turns TLS off with a plain URI only", "BrokerUri.Apply", "factory.Ssl.Enabled = uri.Scheme is \"amqps\";",
            "if (uri.Scheme is \"amqps\") factory.Ssl.Enabled = true;"),
        new("speaks TLS on the plain port", "BrokerUri.Apply", "5671", "5672"),
        new("ignores the port", "BrokerUri.Apply", "uri.Port > 0", "false"),
        new("takes port 0 from a URI", "BrokerUri.Apply", "uri.Port > 0", "uri.Port >= 0"),
        new("keeps the brackets of an address", "BrokerUri.Apply", "uri.Host.Trim('[', ']')", "uri.Host"),
        new("cuts a password at its colon", "BrokerUri.Apply", "uri.UserInfo.Split(':', 2)", "uri.UserInfo.Split(':')"),
        new("replaces the user by nothing", "BrokerUri.Apply", "user[0].Length > 0", "true"),
        new("keeps the user's escapes", "BrokerUri.Apply", "Uri.UnescapeDataString(user[0])", "user[0]"),
        new("keeps the password's escapes", "BrokerUri.Apply", "Uri.UnescapeDataString(user[1])", "user[1]"),
        new("ignores an empty password", "BrokerUri.Apply", "user.Length > 1", "user.Length > 1 && user[1].Length > 0"),
        new("keeps the virtual host's escapes", "BrokerUri.Apply", "Uri.UnescapeDataString(path)", "path"),
        new("takes the empty virtual host at its word", "BrokerUri.Apply", "path.Length > 0", "true"),
        new("reads the path with its slash", "BrokerUri.Apply", "uri.AbsolutePath.TrimStart('/')", "uri.AbsolutePath"),
        new("takes any scheme", "BrokerUri.TryParse", "uri.Scheme is \"amqp\" or \"amqps\"", "true"),
        new("rejects TLS", "BrokerUri.TryParse", "uri.Scheme is \"amqp\" or \"amqps\"", "uri.Scheme is \"amqp\""),
        new("takes a URI without a host", "BrokerUri.TryParse", "uri.Host.Length > 0", "true"),

        new("registers its options twice", "ConnectionRegistration.AddConnectionSource",
            "services.Any(service => service.ServiceType == typeof(ConnectionSource))", "false"),
        new("replaces the time", "ConnectionRegistration.AddConnectionSource",
            "services.TryAddSingleton(TimeProvider.System);", "services.AddSingleton(TimeProvider.System);"),
        new("takes any connection string", "ConnectionRegistration.AddConnectionSource",
            "BrokerUri.IsValid(options.Uri)", "true"),
        new("requires a connection string", "ConnectionRegistration.AddConnectionSource",
            "options.Uri is null or \"\"", "false"),
        new("checks no rule", "ConnectionRegistration.AddConnectionSource",
            "services.AddSingleton<IValidateOptions<BrokerOptions>, BrokerOptionsValidator>();", ""),
        new("checks no keys", "ConnectionRegistration.AddConnectionSource",
            "services.AddSingleton<IValidateOptions<BrokerOptions>, UnknownKeyValidator<BrokerOptions>>();", ""),
        new("takes an invalid URI", "ConnectionRegistration.FromUri", "!BrokerUri.IsValid(uri)", "false"),
        new("repeats an invalid URI", "ConnectionRegistration.FromUri", "$\"the URI is {BrokerUri.NotValid}\"",
            "$\"the URI is {BrokerUri.NotValid}: {uri}\""),
    ]);
}
